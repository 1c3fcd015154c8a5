using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.Tests.EndToEnd.FakeBackend;
using DeterministicInference.Server.Tests.Receipts.Issuing;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.Dialects;

/// <summary>The name of the model is the attached engine's: listed, accepted, sent and sealed.</summary>
public sealed class AttachedModelTests
{
    [Fact]
    public async Task An_attached_engines_models_are_listed_sent_and_sealed()
    {
        await using FakeBackendProcess fake = await FakeDialect.StartAsync(
            FakeDialect.Vllm,
            ["--served-model-name", "alpha", "beta"]
        );
        await using ServeProcess serve = await ServeProcess.StartAsync(
            ServerProgram.Built,
            ["--backend", "vllm", "--backend-url", fake.Url]
        );
        await serve.ReadyAsync("vLLM server");
        JsonArray listed = (await serve.Api.GetAsync("/v1/models")).Json["data"]!.AsArray();
        Assert.Equal(["alpha", "beta"], listed.Select(model => (string?)model!["id"]));

        foreach (
            (string asked, string answering, string? pin) in ((string, string, string?)[])
                [("test-model", "alpha", "\"alpha\""), ("alpha", "alpha", null), ("beta", "alpha", null)]
        )
        {
            ReceivedAnswer answer = await ReceivedAnswer.AskAsync(
                serve.Api,
                ApiClient.Completions,
                $$"""{"model":"{{asked}}","prompt":"x","max_tokens":2}"""
            );
            ReceiptStatement statement = await answer.RequireValidAsync(serve.Api);
            Assert.Equal(answering, (string?)JsonNode.Parse(answer.Body)!["model"]);
            Assert.Equal((answering, answering), (statement.ModelName, statement.AnswerModel));
            Assert.Equal(pin, statement.Pins.Values.GetValueOrDefault("model"));
        }
    }

    /// <summary>
    /// SGLang's router lists one model of this name (its release 0.3.2), and asks its workers whatever a request names.
    /// </summary>
    [Fact]
    public async Task A_router_that_lists_a_model_named_unknown_is_taken_at_its_word()
    {
        await using FakeBackendProcess fake = await FakeDialect.StartAsync(
            FakeDialect.Vllm,
            ["--served-model-name", "unknown"]
        );
        await using ServeProcess serve = await ServeProcess.StartAsync(
            ServerProgram.Built,
            ["--backend", "vllm", "--backend-url", fake.Url]
        );
        await serve.ReadyAsync("vLLM server");
        JsonArray listed = (await serve.Api.GetAsync("/v1/models")).Json["data"]!.AsArray();
        Assert.Equal(["unknown"], listed.Select(model => (string?)model!["id"]));
        ReceivedAnswer answer = await ReceivedAnswer.AskAsync(
            serve.Api,
            ApiClient.Completions,
            """{"model":"mine","prompt":"x","max_tokens":2}"""
        );
        ReceiptStatement statement = await answer.RequireValidAsync(serve.Api);
        Assert.Equal("unknown", statement.ModelName);
        Assert.Equal("\"unknown\"", statement.Pins.Values.GetValueOrDefault("model"));
    }
}
