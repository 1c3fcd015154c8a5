using System.Net;
using DeterministicInference.Server.Supervision;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Forwarding;

/// <summary>Headers that say when a request may be repeated, of the engine and of this server.</summary>
public sealed class RetryHintTests
{
    private const string Error = """{"error":{"message":"busy","type":"rate_limit_error"}}""";

    [Theory]
    // An engine's milliseconds, for clients that read only seconds.
    [InlineData("429 Too Many Requests", "retry-after-ms: 7000", "7", "7000")]
    [InlineData("503 Service Unavailable", "Retry-After-Ms: 1.5", "1", "1.5")]
    [InlineData("400 Bad Request", "retry-after-ms: 2001", "3", "2001")]
    [InlineData("429 Too Many Requests", "Retry-After: 30\r\nretry-after-ms: 7000", "30", "7000")]
    [InlineData("429 Too Many Requests", "Retry-After: 30", "30", null)]
    // What is no time is passed on, and not believed.
    [InlineData("429 Too Many Requests", "retry-after-ms: soon", "5", "soon")]
    [InlineData("429 Too Many Requests", "retry-after-ms: -1", "5", "-1")]
    [InlineData("503 Service Unavailable", "retry-after-ms: 99999999999", "5", "99999999999")]
    [InlineData("503 Service Unavailable", "Server: x", "5", null)]
    [InlineData("400 Bad Request", "Server: x", null, null)]
    public async Task An_engines_time_reaches_the_client_on_errors(
        string status,
        string headers,
        string? seconds,
        string? milliseconds
    )
    {
        await using RawEngine engine = RawEngine.Start(exchange =>
            exchange.AnswerAsync("application/json", Error, status, headers + "\r\n")
        );
        await using RunningGateway gateway = await RunningGateway.StartAsync(engine.Url);
        foreach (string end in (string[])["", ",\"stream\":true"])
        {
            Reply reply = await gateway.Api.PostAsync(ApiClient.Completions, $$"""{"prompt":"x"{{end}}}""");
            Assert.Equal(status[..3], $"{(int)reply.Status}");
            Assert.Equal(
                (seconds, milliseconds, null),
                (Of(reply, "Retry-After"), Of(reply, "retry-after-ms"), Of(reply, "x-should-retry"))
            );
        }
    }

    [Theory]
    [InlineData("200 OK")]
    [InlineData("429 Too Many Requests")]
    public async Task Limits_and_the_advice_to_retry_are_passed_on_with_every_status(string status)
    {
        await using RawEngine engine = RawEngine.Start(exchange =>
            exchange.AnswerAsync(
                "application/json",
                status[0] == '2' ? ScriptedAnswers.Json : Error,
                status,
                "x-should-retry: false\r\nX-RateLimit-Remaining-Requests: 0\r\nx-ratelimit-reset-project-tokens: 6m0s\r\n"
                    + "x-ratelimit-limit-tokens: 1\r\nConnection: x-ratelimit-limit-tokens\r\nx-other: 1\r\n"
            )
        );
        await using RunningGateway gateway = await RunningGateway.StartAsync(engine.Url);
        Reply reply = await gateway.Api.PostAsync(ApiClient.Completions, """{"prompt":"x"}""");
        Assert.Equal(
            ("false", "0", "6m0s", null, null),
            (
                Of(reply, "x-should-retry"),
                Of(reply, "x-ratelimit-remaining-requests"),
                Of(reply, "x-ratelimit-reset-project-tokens"),
                // Named by Connection: for this hop only.
                Of(reply, "x-ratelimit-limit-tokens"),
                Of(reply, "x-other")
            )
        );
    }

    [Fact]
    public async Task This_servers_own_errors_give_the_time_in_both_units()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync("http://127.0.0.1:9");
        gateway.Status.Set(new EngineState.Starting("loading"));
        Reply reply = await gateway.Api.PostAsync(ApiClient.Completions, """{"prompt":"x"}""");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, reply.Status);
        Assert.Equal(
            ("5", "5000", "true"),
            (Of(reply, "Retry-After"), Of(reply, "retry-after-ms"), Of(reply, "x-should-retry"))
        );
    }

    private static string? Of(Reply reply, string name) =>
        reply.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;
}
