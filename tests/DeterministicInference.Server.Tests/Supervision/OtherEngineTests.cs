using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Supervision;

/// <summary>
/// vLLM and llama-server as simulated by FakeBackend: launched, answering, and ended with the server.
/// </summary>
public sealed class OtherEngineTests
{
    private static readonly string Gguf = GgufFile();

    [Fact]
    public async Task VLLM_is_launched_answers_and_ends_with_the_server()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            [
                "--backend",
                "vllm",
                "--backend-command",
                FakeBackendProcess.Command,
                "--model-path",
                "org/tiny",
                "--stop-timeout",
                "20s",
                "--backend-api-key",
                ServeProcess.EngineKey,
            ]
        );
        await server.ReadyAsync("vLLM server");
        JsonNode answer = await server.Api.JsonAsync(
            ApiClient.Completions,
            """{"model":"tiny","prompt":"x","max_tokens":3}"""
        );
        Assert.Equal("tiny", (string?)answer["model"]);
        Assert.Equal(
            answer["choices"]!.ToJsonString(),
            (await server.Api.JsonAsync(ApiClient.Completions, """{"model":"tiny","prompt":"x","max_tokens":3}"""))[
                "choices"
            ]!.ToJsonString()
        );
        Assert.Equal("tiny", (string?)(await server.Engine.GetAsync("/v1/models")).Json["data"]![0]!["id"]);
        Assert.Equal("1", Variables(server)["VLLM_BATCH_INVARIANT"]);
        Assert.Contains("--shutdown-timeout 20", await ArgumentsAsync(server), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Llama_server_is_launched_answers_one_at_a_time_and_ends_with_the_server()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            [
                "--backend",
                "llamacpp",
                "--backend-command",
                FakeBackendProcess.Command,
                "--model-path",
                Path.GetDirectoryName(Gguf)!,
                "--served-model-name",
                "tiny",
                "--backend-api-key",
                ServeProcess.EngineKey,
            ],
            [("LLAMA_SERVER_ROUTER_PORT", "8080")]
        );
        await server.ReadyAsync("llama.cpp server");
        Assert.DoesNotContain("LLAMA_SERVER_ROUTER_PORT", Variables(server).Keys);
        Assert.StartsWith($"-m {Gguf} ", await ArgumentsAsync(server), StringComparison.Ordinal);
        Assert.Equal(
            """{"class":"deterministic","reasons":[],"pending":[]}""",
            (await server.Api.GetAsync("/health")).Json["determinism"]!.ToJsonString()
        );
        Assert.Contains(
            server.Log.Lines,
            line =>
                line.Contains(
                    "| INFO     | deterministic_inference.backends.llamacpp | Answers are deterministic: llama.cpp "
                        + "computes one request at a time",
                    StringComparison.Ordinal
                )
        );

        // The second one waits here, not in the engine.
        Task<JsonObject> first = server.Api.JsonAsync(
            ApiClient.Completions,
            """{"prompt":"first","max_tokens":3,"fake":{"gate":"g"}}"""
        );
        await server.Api.HealthAsync(health => (int)health["backend"]!["progress"]!["in_flight"]! == 1);
        Task<JsonObject> second = server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"second","max_tokens":3}""");
        await server.Api.HealthAsync(health => (int)health["backend"]!["progress"]!["queued"]! == 1);
        Assert.Equal(HttpStatusCode.OK, (await server.Engine.PostAsync("/__fake/gates/g", "")).Status);
        Assert.Equal("tiny", (string?)(await first.Within())["model"]);
        Assert.Equal("tiny", (string?)(await second.Within())["model"]);
    }

    [Theory]
    [InlineData(
        "--model-path /models/gone",
        "--model-path: '/models/gone' does not exist on this machine. Give the path of the model, or its name on the "
            + "model hub"
    )]
    [InlineData(
        "--model-path org/m -- --chunked-prefill-size 1024",
        "--chunked-prefill-size 1024 makes longer prompts hang forever in the deterministic mode of builds "
    )]
    [InlineData(
        "--backend llamacpp --model-path org/m",
        "'org/m' is not a .gguf file. Give --model-path a .gguf file, or a folder with exactly one."
    )]
    [InlineData("--backend vllm --model-path /m/none", "--model-path: '/m/none' does not exist on this machine.")]
    [InlineData("--backend embedded --model-path ./gone", "--model-path: './gone' does not exist on this machine.")]
    public async Task What_can_not_work_is_refused_before_the_launch(string arguments, string reason)
    {
        CommandResult result = await new ServeLaunch().RunAsync(arguments.Split(' '));
        Assert.Equal(1, result.ExitCode);
        // The engine may be missing too.
        Assert.StartsWith($"error: {reason}", result.ErrorLines[0], StringComparison.Ordinal);
        Assert.DoesNotContain("Listening on", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reasons_against_determinism_are_logged_before_the_launch_and_shown_in_health()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync([
            "--receipts",
            "off",
            "--",
            "--tp-size",
            "4",
            "--dp-size",
            "2",
        ]);
        await server.ReadyAsync("SGLang server");
        string warning = Assert.Single(
            server.Log.Lines,
            line => line.Contains("| Answers are ", StringComparison.Ordinal)
        );
        Assert.Contains(
            "| WARNING  | deterministic_inference.backends.sglang | Answers are best-effort, not deterministic: With "
                + "--dp-size or --enable-dp-attention ",
            warning,
            StringComparison.Ordinal
        );
        Assert.Contains(" --tp-size 4: ", warning, StringComparison.Ordinal);
        Assert.Equal(
            """{"class":"best-effort","reasons":["data_parallel","tensor_parallel"],"pending":[]}""",
            (await server.Api.GetAsync("/health")).Json["determinism"]!.ToJsonString()
        );
    }

    [Fact]
    public async Task A_build_of_SGLang_that_ignores_seeds_is_named_before_it_is_ready()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync(
            ["--receipts", "off"],
            ("FAKE_IGNORE_SEED", "1")
        );
        await server.ReadyAsync("SGLang server");
        string told = Assert.Single(
            server.Log.Lines,
            line => line.Contains("| Answers are ", StringComparison.Ordinal)
        );
        Assert.EndsWith(
            "| Answers are best-effort, not deterministic: This build of SGLang server ignores the seeds of requests,"
                + " as SGLang before 2025-12-19 does. Upgrade it.",
            told,
            StringComparison.Ordinal
        );
        Assert.Equal(
            """{"class":"best-effort","reasons":["seed_ignored"],"pending":[]}""",
            (await server.Api.GetAsync("/health")).Json["determinism"]!.ToJsonString()
        );
    }

    private static async Task<string> ArgumentsAsync(ServeProcess server) =>
        string.Join(
            ' ',
            JsonNode
                .Parse((await server.Engine.GetAsync("/__fake/arguments")).Body)!
                .AsArray()
                .Select(argument => (string)argument!)
        );

    /// <summary>Those of the engine's process.</summary>
    private static Dictionary<string, string> Variables(ServeProcess server) =>
        File.ReadAllText($"/proc/{server.EngineIdentity.Pid}/environ")
            .Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Select(entry => entry.Split('=', 2))
            .ToDictionary(entry => entry[0], entry => entry[1]);

    private static string GgufFile()
    {
        string file = Path.Combine(TestModels.NewFolder("gguf"), "tiny.gguf");
        File.WriteAllText(file, GgufBytes.Text());
        return file;
    }
}
