using System.Net;
using DeterministicInference.Server.Tests.Configuration;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Admission;

/// <summary>Pages of configured origins may call the API from a browser; others may not.</summary>
public sealed class CorsTests(SharedFakeBackend shared)
{
    private const string App = "https://app.example",
        Headers = "authorization,content-type,x-stainless-retry-count,x-stainless-os";

    [Theory]
    [InlineData(App, App)]
    [InlineData("http://localhost:3000", "http://localhost:3000")]
    public async Task A_preflight_of_a_configured_origin_is_answered_without_a_key(string origin, string allowed)
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            (await shared.StartedAsync()).Url,
            RunningGateway.Options with
            {
                CorsOrigins = [App, "http://localhost:3000"],
                ApiKey = ["sk-1"],
            }
        );
        Reply reply = await PreflightAsync(gateway, origin);
        Assert.Equal((HttpStatusCode.NoContent, ""), (reply.Status, reply.Body));
        Assert.Equal(allowed, Header(reply, "Access-Control-Allow-Origin"));
        Assert.Equal("GET,HEAD,POST,OPTIONS", Header(reply, "Access-Control-Allow-Methods"));
        Assert.Equal(Headers, Header(reply, "Access-Control-Allow-Headers"));
        Assert.Equal("7200", Header(reply, "Access-Control-Max-Age"));
        Assert.Equal(["Origin"], reply.Headers.Vary);
        Assert.False(reply.Headers.Contains("Access-Control-Allow-Credentials"));
    }

    [Fact]
    public async Task Answers_name_the_origin_whether_they_are_errors_streams_or_neither()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            (await shared.StartedAsync()).Url,
            RunningGateway.Options with
            {
                CorsOrigins = [App],
                ApiKey = ["sk-1"],
            }
        );
        foreach (
            (string body, string? key, HttpStatusCode status) in ((string, string?, HttpStatusCode)[])
                [
                    ("""{"prompt":"x"}""", "sk-1", HttpStatusCode.OK),
                    ("""{"prompt":"x","stream":true}""", "sk-1", HttpStatusCode.OK),
                    ("{", "sk-1", HttpStatusCode.BadRequest),
                    ("{}", null, HttpStatusCode.Unauthorized),
                ]
        )
        {
            Reply reply = await PostAsync(gateway, App, body, key);
            Assert.Equal(status, reply.Status);
            Assert.Equal(App, Header(reply, "Access-Control-Allow-Origin"));
            Assert.Equal(
                "x-request-id,Retry-After,retry-after-ms,x-should-retry,x-ratelimit-limit-requests,"
                    + "x-ratelimit-limit-tokens,x-ratelimit-remaining-requests,x-ratelimit-remaining-tokens,"
                    + "x-ratelimit-reset-requests,x-ratelimit-reset-tokens,X-Receipt-Id,Content-Digest",
                Header(reply, "Access-Control-Expose-Headers")
            );
            Assert.Equal(["Origin"], reply.Headers.Vary);
        }
        foreach (string? origin in (string?[])["https://evil.example", "null", "https://app.example.evil", null])
        {
            Reply reply = await PostAsync(gateway, origin, """{"prompt":"x"}""", "sk-1");
            Assert.Equal(HttpStatusCode.OK, reply.Status);
            Assert.False(reply.Headers.Contains("Access-Control-Allow-Origin"));
            Assert.Equal(["Origin"], reply.Headers.Vary);
        }
        // The Fetch standard defines no error: the browser refuses what the answer does not allow
        // (https://fetch.spec.whatwg.org/#http-cors-protocol).
        Reply refused = await PreflightAsync(gateway, "https://evil.example");
        Assert.Equal((HttpStatusCode.NoContent, ""), (refused.Status, refused.Body));
        Assert.DoesNotContain(
            refused.Headers,
            header => header.Key.StartsWith("Access-Control-Allow-Origin", StringComparison.OrdinalIgnoreCase)
        );
    }

    [Fact]
    public async Task A_star_is_every_origin_and_never_with_credentials()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            (await shared.StartedAsync()).Url,
            RunningGateway.Options with
            {
                CorsOrigins = ["*"],
            }
        );
        foreach (
            Reply reply in (Reply[])
                [
                    await PreflightAsync(gateway, "null"),
                    await PostAsync(gateway, "https://any.example", """{"prompt":"x"}""", null),
                ]
        )
        {
            Assert.Equal("*", Header(reply, "Access-Control-Allow-Origin"));
            Assert.False(reply.Headers.Contains("Access-Control-Allow-Credentials"));
        }
    }

    [Fact]
    public async Task Without_the_setting_no_page_may()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync((await shared.StartedAsync()).Url);
        Assert.Equal(
            "method_not_supported",
            (string?)OpenAIErrors.Read(await PreflightAsync(gateway, App), HttpStatusCode.MethodNotAllowed)["code"]
        );
        Reply reply = await PostAsync(gateway, App, """{"prompt":"x"}""", null);
        Assert.DoesNotContain(
            reply.Headers,
            header =>
                header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase) || header.Key == "Vary"
        );
    }

    [Theory]
    [InlineData("https://app.example/", "has 'https://app.example/', which has a path. Give https://app.example.")]
    [InlineData(
        "https://app.example/page",
        "has 'https://app.example/page', which has a path. Give https://app.example."
    )]
    [InlineData(
        "app.example",
        "has 'app.example', which is not an origin. Give SCHEME://HOST or SCHEME://HOST:PORT, such as "
            + "https://app.example."
    )]
    [InlineData(
        "localhost:3000",
        "has 'localhost:3000', which is not an origin. Give SCHEME://HOST or SCHEME://HOST:PORT, such as "
            + "https://app.example."
    )]
    [InlineData(
        "null",
        "has 'null', which is not an origin. Give SCHEME://HOST or SCHEME://HOST:PORT, such as https://app.example."
    )]
    [InlineData(
        "https://app.example?x",
        "has 'https://app.example?x', which is not an origin. Give SCHEME://HOST or SCHEME://HOST:PORT, such as "
            + "https://app.example."
    )]
    [InlineData(
        "* https://app.example",
        "has * together with other origins. Give * alone for every origin, or only the others."
    )]
    public void An_origin_must_be_one(string text, string complaint) =>
        Assert.Equal(
            [$"--cors-origins: '{text}' {complaint}"],
            Given.Of("--backend", "embedded", "--cors-origins", text).Problems()
        );

    [Fact]
    public void A_password_in_an_origin_is_not_shown() =>
        Assert.Equal(
            [
                "--cors-origins: '***' contains a user name or password, which an origin can't have. Give "
                    + "SCHEME://HOST or SCHEME://HOST:PORT.",
            ],
            Given.Of("--backend", "embedded", "--cors-origins", "https://u:p@app.example").Problems()
        );

    [Theory]
    [InlineData("HTTPS://App.Example:443 http://b.example:80", "https://app.example", "http://b.example")]
    [InlineData("http://[::1]:3000 https://bücher.example", "http://[::1]:3000", "https://xn--bcher-kva.example")]
    [InlineData("chrome-extension://abcdef vscode-webview://x:1", "chrome-extension://abcdef", "vscode-webview://x:1")]
    public void Origins_are_kept_as_browsers_send_them(string text, params string[] origins) =>
        Assert.Equal(origins, Given.Of("--backend", "embedded", "--cors-origins", text).Read().Options.CorsOrigins);

    private static string Header(Reply reply, string name) => Assert.Single(reply.Headers.GetValues(name));

    private static Task<Reply> PreflightAsync(RunningGateway gateway, string origin)
    {
        var request = new HttpRequestMessage(HttpMethod.Options, ApiClient.Chat);
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.TryAddWithoutValidation("Access-Control-Request-Headers", Headers);
        return gateway.Api.SendAsync(request);
    }

    private static Task<Reply> PostAsync(RunningGateway gateway, string? origin, string body, string? key)
    {
        HttpRequestMessage request = ApiClient.Post(ApiClient.Completions, body);
        if (origin is not null)
            request.Headers.Add("Origin", origin);
        if (key is not null)
            request.Headers.Add("Authorization", $"Bearer {key}");
        return gateway.Api.SendAsync(request);
    }
}
