using System.Net;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Configuration;
using Xunit;

namespace DeterministicInference.Server.Tests.OpenAI.Requests.Types;

/// <summary>Scalars written as strings, as some callers send them, count as the scalars.</summary>
public sealed class CoercionTests(SharedFakeBackend shared)
{
    [Theory]
    [InlineData("enforce", ",\"seed\":42", "seed=42")]
    [InlineData("off", "", null)]
    public async Task Scalars_written_as_strings_reach_the_engine_as_scalars_and_are_recorded(
        string determinism,
        string added,
        string? pinned
    )
    {
        FakeBackendProcess fake = await shared.StartedAsync();
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            fake.Url,
            RunningGateway.Options with
            {
                Determinism = Enum.Parse<DeterminismMode>(determinism, ignoreCase: true),
            }
        );
        string prompt = $"coerced {determinism}";
        Reply reply = await gateway.Api.PostAsync(
            ApiClient.Completions,
            $$$"""
            { "prompt" : "{{{prompt}}}", "max_tokens": "3" ,"temperature":"0.50","x":"1","n":1,"stream_options":{ "include_usage" : "false"},  "echo":"false" }
            """
        );
        Assert.True(reply.Status == HttpStatusCode.OK, reply.Body);
        Assert.Equal(
            $$$"""
            { "prompt" : "{{{prompt}}}", "max_tokens": 3 ,"temperature":0.50,"x":"1","n":1,"stream_options":{ "include_usage" : false},  "echo":false{{{added}}} }
            """,
            (string?)(await fake.RequestAsync(prompt))["body"]
        );
        string id = Assert.Single(reply.Headers.GetValues("x-request-id"));
        string[] lines = [.. gateway.Log.All.Where(line => line.Contains(" Pinned ", StringComparison.Ordinal))];
        string?[] expected =
        [
            "stream_options.include_usage=false",
            "max_tokens=3",
            "temperature=0.50",
            "echo=false",
            pinned,
        ];
        Assert.Equal(
            expected
                .OfType<string>()
                .Select(pin => $"Debug {Server.Gateway.GatewayComposition.LogCategory} Pinned {pin} for {id}"),
            lines
        );
    }

    [Theory]
    [InlineData("\"true\"", "text/event-stream")]
    [InlineData("\"false\"", "application/json")]
    public async Task Stream_as_a_string_decides_how_the_answer_comes(string stream, string type)
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync((await shared.StartedAsync()).Url);
        Reply reply = await gateway.Api.PostAsync(
            ApiClient.Chat,
            $$"""{"messages":[{"role":"user","content":"as a string"}],"stream":{{stream}}}"""
        );
        Assert.Equal((HttpStatusCode.OK, type), (reply.Status, reply.ContentHeaders.ContentType!.MediaType));
        Assert.Equal(type == "text/event-stream", reply.Body.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_stream_that_was_asked_for_by_a_string_must_be_one()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync((await shared.StartedAsync()).Url);
        OpenAIErrors.Read(
            await gateway.Api.PostAsync(
                ApiClient.Completions,
                """{"prompt":"x","stream":"true","fake":{"answer":{"body":"{}"}}}"""
            ),
            HttpStatusCode.BadGateway,
            "server_error"
        );
    }

    [Fact]
    public async Task A_plain_proxy_refuses_the_same_requests()
    {
        FakeBackendProcess fake = await shared.StartedAsync();
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            fake.Url,
            RunningGateway.Options with
            {
                Determinism = DeterminismMode.Off,
            }
        );
        JsonNode error = OpenAIErrors.Read(
            await gateway.Api.PostAsync(ApiClient.Completions, """{"prompt":"plain proxy","n":1000000000}"""),
            HttpStatusCode.BadRequest
        );
        Assert.Equal(("n", "integer_above_max_value"), ((string?)error["param"], (string?)error["code"]));
        Assert.DoesNotContain(
            await fake.RequestsAsync(),
            request => ((string)request["body"]!).Contains("plain proxy", StringComparison.Ordinal)
        );
    }
}
