using System.Net;
using System.Text;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.Tests.Assessment;
using DeterministicInference.Server.Tests.EndToEnd.FakeBackend;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Issuing;

/// <summary>An engine that serves other weights than it was assessed with is noticed, and receipts say it.</summary>
public sealed class WeightsChangeTests
{
    private const string Request = """{"prompt":"x","max_tokens":3}""",
        Update = """{"model_path":"org/m","weight_version":"step 2"}""";

    [Fact]
    public async Task Weights_that_are_exchanged_in_an_engine_make_another_environment()
    {
        await using FakeBackendProcess fake = await FakeDialect.StartAsync(
            FakeDialect.SGLang,
            ["--weight-version", "step 1"]
        );
        await using ServeProcess server = await AttachAsync(fake, hangAfter: "10s");
        InferenceEnvironment first = await EnvironmentAsync(server);
        Assert.Equal(new EnvironmentFact("step 1", FactSource.EngineReported), first.Facts["model.weight_version"]);
        ReceiptStatement before = await StatementAsync(server);
        Assert.Equal(("step 1", first.Id), (before.WeightVersion, before.EnvironmentId));

        Assert.Equal(HttpStatusCode.OK, (await fake.Api.PostAsync("/update_weights_from_disk", Update)).Status);
        await server.LineAsync(
            "The engine serves other weights than at its start: weight_version was \"step 1\" and is \"step 2\"."
        );
        await HasReasonAsync(server, "model_changed");
        InferenceEnvironment second = await EnvironmentAsync(server);
        Assert.Equal(["model.weight_version"], first.Differences(second));
        ReceiptStatement after = await StatementAsync(server);
        Assert.Equal(("step 2", second.Id, null), (after.WeightVersion, after.EnvironmentId, after.ModelDigest));
    }

    /// <summary>The probe that would notice it comes long after.</summary>
    [Fact]
    public async Task An_answer_that_names_other_weights_than_the_engine_did_is_not_signed_for_these()
    {
        await using FakeBackendProcess fake = await FakeDialect.StartAsync(FakeDialect.SGLang);
        await using ServeProcess server = await AttachAsync(fake, hangAfter: "1h");
        InferenceEnvironment first = await EnvironmentAsync(server);
        await fake.Api.PostAsync("/update_weights_from_disk", Update);
        ReceiptStatement statement = await StatementAsync(server);
        Assert.Equal("step 2", statement.WeightVersion);
        Assert.NotEqual(first.Id, statement.EnvironmentId);
        InferenceEnvironment named = EnvironmentDocument.Read(
            Encoding.UTF8.GetBytes((await server.Api.GetAsync($"/v1/environment/{statement.EnvironmentId}")).Body)
        );
        Assert.Equal([.. first.Reasons, "model_changed"], named.Reasons);
    }

    [Fact]
    public async Task Another_list_of_models_is_served_and_an_adapter_without_files_is_a_reason()
    {
        await using StubEngine engine = await StubEngine.StartAsync(
            (prompt, _, _) =>
                Task.FromResult(
                    Microsoft.AspNetCore.Http.Results.Text(
                        $$"""{"choices":[{"index":0,"text":"{{prompt}}","finish_reason":"stop"}]}""",
                        "application/json"
                    )
                )
        );
        engine.Answers["/v1/models"] = """{"data":[{"id":"base","root":"org/m","parent":null}]}""";
        await using ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            ["--backend", "vllm", "--backend-url", engine.Url.ToString(), "--hang-after", "1s"]
        );
        await server.ReadyAsync("vLLM server");
        engine.Answers["/v1/models"] =
            """{"data":[{"id":"base","root":"org/m","parent":null},{"id":"own","root":"/a","parent":"base"}]}""";
        await server.LineAsync("The engine lists other models than before: 'base', 'own'");
        await HasReasonAsync(server, "adapter_not_measured");
        Assert.DoesNotContain("model_changed", (await EnvironmentAsync(server)).Reasons);
        Assert.Equal(
            ["base", "own"],
            (await server.Api.GetAsync("/v1/models")).Json["data"]!.AsArray().Select(model => (string?)model!["id"])
        );
    }

    private static async Task<ServeProcess> AttachAsync(FakeBackendProcess fake, string hangAfter)
    {
        ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            ["--backend", "sglang", "--backend-url", fake.Url, "--hang-after", hangAfter]
        );
        await server.ReadyAsync("SGLang server");
        return server;
    }

    /// <summary>Waits until the assessment has a reason, whose environment is published right after it.</summary>
    private static async Task HasReasonAsync(ServeProcess server, string code)
    {
        await server.Api.HealthAsync(health =>
            health["determinism"]!["reasons"]!.AsArray().Any(reason => (string?)reason == code)
        );
        await server.LineAsync("Environment ", times: 2);
    }

    private static async Task<InferenceEnvironment> EnvironmentAsync(ServeProcess server) =>
        EnvironmentDocument.Read(Encoding.UTF8.GetBytes((await server.Api.GetAsync("/v1/environment")).Body));

    private static async Task<ReceiptStatement> StatementAsync(ServeProcess server) =>
        (await ReceivedAnswer.AskAsync(server.Api, ApiClient.Completions, Request)).Statement;
}
