using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Tests.Answers;
using DeterministicInference.Server.Tests.EndToEnd.RecordedEngines;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.FakeBackend;

/// <summary>
/// FakeBackend answers a recorded request as the real engine did: status, type, the members of every kind of event in
/// their order, and errors word for word.
/// </summary>
public sealed class FakeAgreementTests
{
    /// <summary>
    /// What FakeBackend has nothing for: log-probabilities, schemas, tools, a second server and more.
    /// </summary>
    private static readonly string[] Beyond =
    [
        "logprobs",
        "schema",
        "tool",
        "-2-",
        "json-object",
        "echo",
        "suffix",
        "continuous-usage",
        "engine-dies",
    ];

    [Theory]
    [InlineData("vllm", 23)]
    [InlineData("sglang", 18)]
    public async Task An_answer_has_the_recorded_members(string engine, int expected)
    {
        await using FakeBackendProcess fake = await StartAsync(engine);
        int compared = 0;
        foreach (EngineRecording recording in EngineRecordings.Require(engine))
        {
            if (recording.Status != 200 || Beyond.Any(word => recording.Name.Contains(word, StringComparison.Ordinal)))
                continue;
            string body = System.Text.Encoding.UTF8.GetString(recording.Body);
            JsonObject request = JsonNode.Parse(recording.RequestText)!.AsObject();
            // The real model ended some texts by itself, and others at a stop string, within a token with text.
            if (request["stop"] is null && body.Contains("\"finish_reason\":\"stop\"", StringComparison.Ordinal))
                request["fake"] = new JsonObject { ["ends_after"] = 2 };
            Reply reply = await fake.Api.PostAsync(recording.Path, request.ToJsonString());
            Assert.Equal(recording.ContentType, reply.ContentHeaders.ContentType!.ToString());
            Assert.Equal(
                $"{recording.Name} {Shape(body, recording.IsStream)}",
                $"{recording.Name} {Shape(reply.Body, recording.IsStream)}"
            );
            compared++;
        }
        Assert.Equal(expected, compared);
    }

    [Theory]
    [InlineData("vllm", "58-error-unknown-model")]
    [InlineData("vllm", "60-error-temperature-range")]
    [InlineData("vllm", "61-error-top-p-range")]
    [InlineData("vllm", "62-error-no-messages")]
    [InlineData("vllm", "63-error-empty-messages")]
    [InlineData("vllm", "70-error-not-json")]
    [InlineData("vllm", "73-error-method")]
    [InlineData("sglang", "52-error-empty-messages")]
    [InlineData("sglang", "54-error-temperature")]
    [InlineData("sglang", "55-error-top-p")]
    [InlineData("sglang", "56-error-max-tokens-0")]
    [InlineData("sglang", "58-error-lora-name")]
    [InlineData("sglang", "67-error-method")]
    public async Task An_error_is_the_recorded_one(string engine, string name)
    {
        EngineRecording recording = Assert.Single(
            EngineRecordings.Require(engine),
            one => one.Name == $"{engine}/{name}.json"
        );
        await using FakeBackendProcess fake = await StartAsync(engine);
        Reply reply =
            recording.RequestText.Length > 0
                ? await fake.Api.PostAsync(recording.Path, recording.RequestText)
                : await fake.Api.GetAsync(recording.Path);
        Assert.Equal(
            (recording.Status, System.Text.Encoding.UTF8.GetString(recording.Body)),
            ((int)reply.Status, reply.Body)
        );
    }

    [Theory]
    [InlineData("vllm")]
    [InlineData("sglang")]
    public async Task The_list_of_models_has_the_recorded_members(string engine)
    {
        EngineRecording recording = Assert.Single(EngineRecordings.Require(engine, "/v1/models"));
        await using FakeBackendProcess fake = await StartAsync(engine);
        JsonObject listed = (await fake.Api.GetAsync("/v1/models")).Json,
            recorded = JsonNode.Parse(recording.Body)!.AsObject();
        // What a permission of vLLM says is of no use to anybody.
        foreach (JsonObject list in (JsonObject[])[listed, recorded])
            (list["data"]![0]!["permission"] as JsonArray)?.Clear();
        Assert.Equal(ShapeOf(recorded), ShapeOf(listed));
    }

    private static Task<FakeBackendProcess> StartAsync(string engine) =>
        FakeBackendProcess.StartDialectAsync(
            engine == "vllm"
                ? ["serve", "demo", "--port", "0"]
                : ["--model-path", "demo", "--port", "0", "--enable-deterministic-inference"]
        );

    /// <summary>The members of an answer, or of each kind of event in the order in which they first come.</summary>
    private static string Shape(string body, bool isStream) =>
        string.Join('\n', RecordedJson.Read(body, isStream).Select(ShapeOf).Distinct());

    private static string ShapeOf(JsonNode? node) =>
        node switch
        {
            JsonObject json => $"{{{string.Join(',', json.Select(member => member.Key + ShapeOf(member.Value)))}}}",
            JsonArray array => $"[{ShapeOf(array.FirstOrDefault())}]",
            _ => "",
        };
}
