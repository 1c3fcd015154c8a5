using System.ClientModel;
using System.Text.Json.Nodes;
using OpenAI;
using OpenAI.Chat;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Answers;

/// <summary>
/// A stream that broke must not look finished: whatever the engine did, an error event arrives, then the connection
/// breaks. Some clients notice only one of the two.
/// </summary>
public sealed class BrokenStreamTests(SharedFakeBackend shared)
{
    private const string Cut =
        "The engine failed: its stream ended before the answer was complete: choice 0 has not come to its end.";

    public static TheoryData<string, string> Breaks { get; } =
        new()
        {
            { "reset", "The engine failed: its stream broke before the answer was complete." },
            { "end", Cut },
            { "done", Cut },
            { "error", "The engine failed: The scheduler gave up." },
            { "abort", "The engine failed: it aborted the answer." },
            { "malformed", "The engine failed: its stream has an event that is not a JSON object." },
        };

    [Theory]
    [MemberData(nameof(Breaks))]
    public async Task An_error_event_comes_and_then_the_connection_breaks(string then, string message)
    {
        FakeBackendProcess fake = await shared.StartedAsync();
        await using RunningGateway gateway = await RunningGateway.StartAsync(fake.Url);
        using RawConnection connection = await RawConnection.OpenAsync(gateway.Url);
        await connection.SendAsync(
            RawConnection.Post(
                ApiClient.Completions,
                $$$"""{"prompt":"x","stream":true,"fake":{"after":3,"then":"{{{then}}}","gate":"bare-{{{then}}}"}}"""
            )
        );
        string answer = "";
        for (int i = 0; i < 3; i++)
            answer += await connection.ReadUntilAsync("\n\n");
        await fake.OpenAsync($"bare-{then}");
        answer += await connection.ReadToBreakAsync();

        string[] events = [.. answer.Split("data: ").Skip(1).Select(part => part.Split("\n\n")[0])];
        Assert.Equal(4, events.Length);
        Assert.All(events[..3], chunk => Assert.Null(JsonNode.Parse(chunk)!["choices"]![0]!["finish_reason"]));
        JsonNode error = Assert.Single(JsonNode.Parse(events[3])!.AsObject(), member => member.Key == "error").Value!;
        Assert.Equal(["message", "type", "param", "code"], error.AsObject().Select(member => member.Key));
        Assert.Equal(
            (message, "server_error", "backend_error"),
            ((string?)error["message"], (string?)error["type"], (string?)error["code"])
        );
        Assert.DoesNotContain("[DONE]", answer, StringComparison.Ordinal);
        // The mark for the end of a chunked body.
        Assert.False(answer.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal), answer);
        await gateway.DisposeAsync();
        Assert.Contains(
            gateway.Log.All,
            line =>
                line.StartsWith("Warning deterministic_inference.proxy The stream of req_", StringComparison.Ordinal)
        );
        int status = then == "error" ? 500 : 502;
        Assert.Contains(
            gateway.Log.All,
            line =>
                line.StartsWith(
                    $"Information deterministic_inference.server POST /v1/completions {status} ",
                    StringComparison.Ordinal
                )
        );
    }

    [Theory]
    [MemberData(nameof(Breaks))]
    public async Task The_official_library_sees_a_failure(string then, string _)
    {
        FakeBackendProcess fake = await shared.StartedAsync();
        await using RunningGateway gateway = await RunningGateway.StartAsync(fake.Url);
        // The library ignores error events, but notices the broken connection.
        await Assert.ThrowsAnyAsync<IOException>(() => StreamAsync(gateway.Url, then, fake));
    }

    [Fact]
    public async Task Without_the_gateway_the_official_library_takes_broken_streams_for_complete_ones()
    {
        FakeBackendProcess fake = await shared.StartedAsync();
        foreach (string then in (string[])["end", "done", "error"])
            await StreamAsync(fake.Url, then, fake);
    }

    [Fact]
    public async Task An_engine_that_dies_breaks_its_streams_and_answers()
    {
        await using FakeBackendProcess fake = await FakeBackendProcess.StartAsync();
        await using RunningGateway gateway = await RunningGateway.StartAsync(fake.Url);
        Task<Reply> answer = gateway.Api.PostAsync(
            ApiClient.Completions,
            """{"prompt":"waiting","fake":{"gate":"never"}}"""
        );
        await fake.RequestAsync("waiting");
        using RawConnection connection = await RawConnection.OpenAsync(gateway.Url);
        await connection.SendAsync(
            RawConnection.Post(ApiClient.Completions, """{"prompt":"x","stream":true,"fake":{"then":"stall"}}""")
        );
        await connection.ReadUntilAsync("data: {");
        fake.Kill();
        Assert.Contains("\"code\":\"backend_error\"", await connection.ReadToBreakAsync(), StringComparison.Ordinal);
        OpenAIErrors.Read(await answer, System.Net.HttpStatusCode.BadGateway, "server_error");
    }

    [Fact]
    public async Task One_unfinished_choice_makes_an_answer_unfinished()
    {
        FakeBackendProcess fake = await shared.StartedAsync();
        await using RunningGateway gateway = await RunningGateway.StartAsync(fake.Url);
        var body = new JsonObject
        {
            ["prompt"] = "x",
            ["stream"] = true,
            ["fake"] = new JsonObject
            {
                ["events"] =
                    "data: {\"choices\":[{\"index\":0,\"text\":\"a\",\"finish_reason\":\"stop\"},{\"index\":1,"
                    + "\"text\":\"a\",\"finish_reason\":null}]}\n\ndata: [DONE]\n\n",
            },
        };
        using RawConnection connection = await RawConnection.OpenAsync(gateway.Url);
        await connection.SendAsync(RawConnection.Post(ApiClient.Completions, body.ToJsonString()));
        Assert.Contains(
            Cut.Replace("choice 0", "choice 1", StringComparison.Ordinal),
            await connection.ReadToBreakAsync(),
            StringComparison.Ordinal
        );
    }

    private static async Task StreamAsync(string url, string then, FakeBackendProcess fake)
    {
        string gate = $"library-{then}-{new Uri(url).Port}";
        var client = new OpenAIClient(
            new ApiKeyCredential("unused"),
            new OpenAIClientOptions { Endpoint = new Uri(url + "/v1"), NetworkTimeout = Limits.Overall }
        );
        var options = new ChatCompletionOptions();
#pragma warning disable SCME0001 // The library's way to send a member that it does not know.
        options.Patch.Set("$.fake"u8, BinaryData.FromString($$"""{"after":3,"then":"{{then}}","gate":"{{gate}}"}"""));
#pragma warning restore SCME0001
        await foreach (
            StreamingChatCompletionUpdate _ in client
                .GetChatClient("m")
                .CompleteChatStreamingAsync([new UserChatMessage("x")], options, TestContext.Current.CancellationToken)
        )
        {
            await fake.OpenAsync(gate);
        }
    }
}
