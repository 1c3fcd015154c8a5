using System.Net;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.Sglang;
using DeterministicInference.Server.Machine;
using Xunit;

namespace DeterministicInference.Server.Tests.Supervision;

/// <summary>The gateway accepts connections from the start and reports the engine's progress.</summary>
public sealed class ReadinessTests
{
    [Fact]
    public async Task Until_the_engine_is_warm_everything_but_life_is_503()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync(
            ["--receipts", "off"],
            ("FAKE_WARMUP_MS", "-1")
        );
        await server.LineAsync("Uvicorn running on ");
        await DetailAsync(server, "/health answers 503");
        Reply ready = await server.Api.GetAsync("/readyz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.Status);
        Assert.Equal("5", Assert.Single(ready.Headers.GetValues("Retry-After")));
        Assert.Equal(HttpStatusCode.OK, (await server.Api.GetAsync("/livez")).Status);
        Assert.Equal("llama-2-7b", (string?)(await server.Api.GetAsync("/v1/models")).Json["data"]![0]!["id"]);
        foreach (
            (string path, string body) in ((string, string)[])
                [
                    (ApiClient.Completions, """{"prompt":"early"}"""),
                    (ApiClient.Chat, """{"messages":[{"role":"user","content":"early"}],"stream":true}"""),
                ]
        )
        {
            Reply early = await server.Api.PostAsync(path, body);
            JsonNode error = OpenAIErrors.Read(early, HttpStatusCode.ServiceUnavailable, "server_error");
            Assert.Equal("backend_unavailable", (string?)error["code"]);
            Assert.StartsWith(
                "The engine is starting: /health answers 503",
                (string?)error["message"],
                StringComparison.Ordinal
            );
            Assert.Equal("5", Assert.Single(early.Headers.GetValues("Retry-After")));
        }
        Assert.Empty(JsonNode.Parse((await server.Engine.GetAsync("/__fake/requests")).Body)!.AsArray());

        await server.Engine.PostAsync("/__fake/warm", "");
        await server.ReadyAsync("SGLang server");
        Reply health = await server.Api.AnswersAsync("/health", HttpStatusCode.OK, server);
        Assert.Equal(
            $$$$"""{"status":"healthy","backend":{"status":"ready","healthy":"""
                + $$$$"""true,"url":"{{{{server.EngineUrl}}}}","restarts":0,"progress":{"in_flight":0,"queued":"""
                + $$$$"""0,"silent_seconds":0}},"determinism":{"class":"deterministic","reasons":[],"pending":[]}}""",
            health.Body
        );
        Assert.Equal(HttpStatusCode.OK, (await server.Api.GetAsync("/readyz")).Status);
        await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"now"}""");
    }

    [Fact]
    public async Task An_engine_that_loads_has_no_port_yet()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync([], ("FAKE_START_DELAY_MS", "600000"));
        await DetailAsync(server, "no connection");
    }

    [Fact]
    public async Task The_engine_gets_the_arguments_of_its_launch_and_its_own()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync([
            "--served-model-name",
            "org/llama",
            "--",
            "--tp-size",
            "2",
            "--attention-backend=fa3",
        ]);
        await server.ReadyAsync("SGLang server");
        // Its form is written down in SglangLaunchTests; the GPUs are those of this machine.
        string[] actual =
        [
            .. JsonNode
                .Parse((await server.Engine.GetAsync("/__fake/arguments")).Body)!
                .AsArray()
                .Select(argument => (string)argument!),
        ];
        var options = new ServeOptions
        {
            BackendCommand = FakeBackendProcess.Command,
            ModelPath = "/models/llama-2-7b",
            BackendPort = new Uri(server.EngineUrl).Port,
            ServedModelName = "org/llama",
            BackendArguments = ["--tp-size", "2", "--attention-backend=fa3"],
        };
        Assert.Equal(
            new SglangKind()
                .Launcher.Launch(
                    options,
                    MachineFactsReader.Read(options.ModelPath, null, GpuEnvironment.Collect()),
                    EngineEndpoint.Of(options) with
                    {
                        Key = ServeProcess.EngineKey,
                        AdminKey = actual[Array.IndexOf(actual, "--admin-api-key") + 1],
                    }
                )
                .Arguments,
            actual
        );
        Assert.Equal("org/llama", (string?)(await server.Api.GetAsync("/v1/models/org%2Fllama")).Json["id"]);
    }

    [Fact]
    public async Task A_running_engine_is_attached_to_and_left_alone()
    {
        await using FakeBackendProcess fake = await FakeBackendProcess.StartAsync();
        ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            ["--backend", "external", "--backend-url", fake.Url]
        );
        await using (server)
        {
            await server.ReadyAsync("External engine");
            Assert.Equal(fake.Url, (string?)(await server.Api.GetAsync("/health")).Json["backend"]!["url"]);
            await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"attached"}""");
            await fake.RequestAsync("attached");
            Assert.Single(server.Family.Members);
        }
        // Still there.
        await fake.Api.JsonAsync(ApiClient.Completions, """{"prompt":"afterwards"}""");
    }

    /// <summary>Asks until the reason is the awaited one.</summary>
    private static async Task DetailAsync(ServeProcess server, string detail)
    {
        using var limit = new CancellationTokenSource(Limits.Overall);
        while (true)
        {
            limit.Token.ThrowIfCancellationRequested();
            Reply reply = await server.Api.GetAsync("/health");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, reply.Status);
            Assert.Equal("5", Assert.Single(reply.Headers.GetValues("Retry-After")));
            JsonObject health = reply.Json;
            JsonNode backend = health["backend"]!;
            Assert.Equal(
                ("starting", "starting", false, server.EngineUrl),
                (
                    (string?)health["status"],
                    (string?)backend["status"],
                    (bool)backend["healthy"]!,
                    (string?)backend["url"]
                )
            );
            if (((string)backend["detail"]!).StartsWith(detail, StringComparison.Ordinal))
                return;
        }
    }
}
