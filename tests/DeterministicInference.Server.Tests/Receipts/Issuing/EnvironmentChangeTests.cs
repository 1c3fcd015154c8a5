using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Server.Native;
using DeterministicInference.Server.Tests.Assessment;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace DeterministicInference.Server.Tests.Receipts.Issuing;

/// <summary>
/// An engine is measured again after each start, and each receipt names the environment in which its answer began.
/// </summary>
public sealed class EnvironmentChangeTests
{
    private const string Request = """{"prompt":"x","max_tokens":3}""";

    [Fact]
    public async Task An_engine_that_is_another_one_after_a_crash_has_another_environment()
    {
        string info = Path.Combine(TestModels.NewFolder("info"), "info.json");
        File.WriteAllText(info, """{"version":"1","random_seed":1}""");
        await using ServeProcess server = await ServeProcess.SglangAsync(
            ["--restart-delay", "50ms"],
            ("FAKE_INFO", info)
        );
        await server.ReadyAsync("SGLang server");
        InferenceEnvironment first = await EnvironmentAsync(server);
        Assert.Equal(new EnvironmentFact("1", FactSource.EngineReported), first.Facts["engine.version"]);
        Assert.Equal(first.Id, await NamedAsync(server));

        // A value drawn at each start is no fact.
        File.WriteAllText(info, """{"version":"1","random_seed":2}""");
        await CrashAsync(server, 2);
        Assert.Equal(first.Id, (await EnvironmentAsync(server)).Id);

        File.WriteAllText(info, """{"version":"2","random_seed":3}""");
        await CrashAsync(server, 3);
        InferenceEnvironment second = await EnvironmentAsync(server);
        Assert.Equal(["engine.version"], first.Differences(second));
        Assert.Equal(second.Id, await NamedAsync(server));
        Assert.Equal(
            first.Id,
            EnvironmentDocument
                .Read(Encoding.UTF8.GetBytes((await server.Api.GetAsync($"/v1/environment/{first.Id}")).Body))
                .Id
        );
    }

    [Fact]
    public async Task An_answer_that_began_before_the_engine_became_another_one_names_the_one_before()
    {
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using StubEngine engine = await StubEngine.StartAsync(
            async (prompt, seed, _) =>
            {
                if (prompt == "held")
                {
                    arrived.SetResult();
                    await held.Task.Within();
                }
                return Results.Text(
                    $$$"""{"choices":[{"index":0,"text":"{{{prompt.Length}}} {{{seed}}}","finish_reason":"stop"}]}""",
                    "application/json"
                );
            },
            Report("1")
        );
        await using ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            ["--backend", "sglang", "--backend-url", engine.Url.ToString(), "--hang-after", "1s"]
        );
        await server.ReadyAsync("SGLang server");
        InferenceEnvironment first = await EnvironmentAsync(server);
        Task<ReceivedAnswer> late = ReceivedAnswer.AskAsync(server.Api, ApiClient.Completions, """{"prompt":"held"}""");
        await arrived.Task.Within();

        engine.IsWell = false;
        await server.LineAsync(" does not answer: ");
        engine.Report = Report("2");
        engine.IsWell = true;
        await server.ReadyAsync("SGLang server", times: 2);
        InferenceEnvironment second = await EnvironmentAsync(server);
        Assert.Equal(["engine.version"], first.Differences(second));
        Assert.Equal(second.Id, await NamedAsync(server));
        held.SetResult();
        Assert.Equal(first.Id, (await late.Within()).Statement.EnvironmentId);
    }

    private static string Report(string version) =>
        $$"""{"enable_deterministic_inference":true,"attention_backend":"fa3","version":"{{version}}"}""";

    private static async Task CrashAsync(ServeProcess server, int starts)
    {
        server.Family.Signal(server.EngineIdentity, Libc.SigKill);
        await server.ReadyAsync("SGLang server", starts);
    }

    private static async Task<InferenceEnvironment> EnvironmentAsync(ServeProcess server) =>
        EnvironmentDocument.Read(Encoding.UTF8.GetBytes((await server.Api.GetAsync("/v1/environment")).Body));

    /// <summary>The environment that the receipt of a new answer names.</summary>
    private static async Task<Sha256Value> NamedAsync(ServeProcess server) =>
        (await ReceivedAnswer.AskAsync(server.Api, ApiClient.Completions, Request)).Statement.EnvironmentId;
}
