using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Configuration;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Admission;

/// <summary>Which keys are accepted, and that nothing usable of a key is shown.</summary>
public sealed class ApiKeyTests(SharedFakeBackend shared)
{
    private const string Key = "sk-first-0123456789abcdef",
        Other = "short",
        Labelled = "team-key-of-some-length";

    private static readonly ServeOptions Keyed = RunningGateway.Options with
    {
        ApiKey = [Key, Other],
        ApiKeyFile = File("# team\n\nteam-a " + Labelled + "\n\tunlabelled-in-the-file \n"),
    };

    [Theory]
    [InlineData("Authorization", "Bearer " + Key, "key-1")]
    [InlineData("Authorization", "bearer   " + Key + " ", "key-1")]
    [InlineData("authorization", "BEARER " + Other, "key-2")]
    [InlineData("X-Api-Key", Key, "key-1")]
    [InlineData("Authorization", "Bearer " + Labelled, "team-a")]
    [InlineData("Authorization", "Bearer unlabelled-in-the-file", "key-3")]
    public async Task A_valid_key_is_accepted_and_the_log_has_its_label(string header, string value, string label)
    {
        RunningGateway gateway = await RunningGateway.StartAsync((await shared.StartedAsync()).Url, Keyed);
        await using (gateway)
        {
            Assert.Equal(
                HttpStatusCode.OK,
                (await SendAsync(gateway, HttpMethod.Post, ApiClient.Completions, (header, value))).Status
            );
            Assert.Equal(
                HttpStatusCode.OK,
                (await SendAsync(gateway, HttpMethod.Get, "/v1/models", (header, value))).Status
            );
        }
        Assert.Single(
            gateway.Log.All,
            line =>
                line.Contains("POST /v1/completions 200 ", StringComparison.Ordinal)
                && line.EndsWith($" key={label}", StringComparison.Ordinal)
        );
        RequireNoKey(string.Join('\n', gateway.Log.All));
    }

    [Theory]
    [InlineData(
        "You didn't provide an API key. Send one of this server's keys in the header 'Authorization: Bearer KEY'."
    )]
    [InlineData(
        "You didn't provide an API key. Send one of this server's keys in the header 'Authorization: Bearer KEY'.",
        "Authorization",
        "Basic c2stZmlyc3Q6"
    )]
    [InlineData(
        "You didn't provide an API key. Send one of this server's keys in the header 'Authorization: Bearer KEY'.",
        "Authorization",
        "Bearer "
    )]
    [InlineData(
        "You didn't provide an API key. Send one of this server's keys in the header 'Authorization: Bearer KEY'.",
        "Authorization",
        Key
    )]
    [InlineData(
        "Incorrect API key provided: sk-…cdeg. Send one of this server's keys.",
        "Authorization",
        "Bearer sk-first-0123456789abcdeg"
    )]
    [InlineData(
        "Incorrect API key provided: sk-…bcde. Send one of this server's keys.",
        "Authorization",
        "Bearer sk-first-0123456789abcde"
    )]
    [InlineData(
        "Incorrect API key provided: SK-…cdef. Send one of this server's keys.",
        "X-Api-Key",
        "SK-first-0123456789abcdef"
    )]
    [InlineData("Incorrect API key provided: ***. Send one of this server's keys.", "Authorization", "Bearer shorter")]
    [InlineData(
        "Incorrect API key provided: ***. Send one of this server's keys.",
        "Authorization",
        "Bearer a key with spaces in it"
    )]
    public async Task Without_a_right_key_the_answer_is_401_and_shows_none(string message, params string[] header)
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync((await shared.StartedAsync()).Url, Keyed);
        (string, string)[] headers = header is [var name, var value] ? [(name, value)] : [];
        foreach (
            (HttpMethod method, string path) in ((HttpMethod, string)[])
                [
                    (HttpMethod.Post, ApiClient.Completions),
                    (HttpMethod.Post, ApiClient.Chat),
                    (HttpMethod.Get, "/v1/models"),
                    (HttpMethod.Get, "/v1/models/x"),
                    (HttpMethod.Get, "/Health"),
                    (HttpMethod.Get, "/nowhere"),
                ]
        )
        {
            Reply reply = await SendAsync(gateway, method, path, headers);
            JsonNode error = OpenAIErrors.Read(reply, HttpStatusCode.Unauthorized);
            Assert.Equal((message, "invalid_api_key"), ((string?)error["message"], (string?)error["code"]));
            Assert.Equal("Bearer", Assert.Single(reply.Headers.WwwAuthenticate).ToString());
        }
    }

    [Fact]
    public async Task Probes_need_no_key()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync((await shared.StartedAsync()).Url, Keyed);
        foreach (string path in (string[])["/health", "/livez", "/readyz"])
            Assert.Equal(HttpStatusCode.OK, (await gateway.Api.GetAsync(path)).Status);
    }

    [Fact]
    public async Task A_key_of_this_server_stays_here_and_any_other_goes_to_the_engine()
    {
        FakeBackendProcess fake = await shared.StartedAsync();
        await using RunningGateway keyed = await RunningGateway.StartAsync(fake.Url, Keyed),
            open = await RunningGateway.StartAsync(fake.Url);
        (string, string)[] headers = [("Authorization", "Bearer " + Key), ("X-Api-Key", Key)];
        await SendAsync(keyed, HttpMethod.Post, ApiClient.Completions, "guarded-gateway", headers);
        await SendAsync(open, HttpMethod.Post, ApiClient.Completions, "open-gateway", headers);
        JsonNode guarded = await fake.RequestAsync("guarded-gateway"),
            forwarded = await fake.RequestAsync("open-gateway");
        RequireNoKey(guarded.ToJsonString());
        Assert.Equal("Bearer " + Key, (string?)forwarded["headers"]!["authorization"]);
    }

    // Such a file is refused at start; even without that check the gateway would accept no request.
    [Fact]
    public async Task With_a_file_without_a_usable_key_no_request_passes()
    {
        string url = (await shared.StartedAsync()).Url;
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            url,
            RunningGateway.Options with
            {
                ApiKeyFile = File("# none\n"),
            }
        );
        foreach (string key in (string[])["", "Bearer ", "Bearer none", "Bearer # none"])
        {
            Reply reply = await SendAsync(gateway, HttpMethod.Get, "/v1/models", ("Authorization", key));
            OpenAIErrors.Read(reply, HttpStatusCode.Unauthorized);
        }
    }

    internal static string File(string content)
    {
        string path = Path.Combine(TestModels.NewFolder("keys"), "keys");
        System.IO.File.WriteAllText(path, content);
        SetMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }

    internal static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
            System.IO.File.SetUnixFileMode(path, mode);
    }

    private static void RequireNoKey(string text) =>
        Assert.All(
            (string[])[Key, Other, Labelled, "unlabelled-in-the-file"],
            key => Assert.DoesNotContain(key, text, StringComparison.OrdinalIgnoreCase)
        );

    private static Task<Reply> SendAsync(
        RunningGateway gateway,
        HttpMethod method,
        string path,
        params (string Name, string Value)[] headers
    ) => SendAsync(gateway, method, path, "x", headers);

    private static Task<Reply> SendAsync(
        RunningGateway gateway,
        HttpMethod method,
        string path,
        string prompt,
        params (string Name, string Value)[] headers
    )
    {
        var request = new HttpRequestMessage(method, path);
        if (method == HttpMethod.Post)
            request.Content = new StringContent(
                $$"""{"prompt":"{{prompt}}","messages":[{"role":"user","content":"x"}],"max_tokens":1}""",
                Encoding.UTF8,
                "application/json"
            );
        foreach ((string name, string value) in headers)
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        return gateway.Api.SendAsync(request);
    }
}
