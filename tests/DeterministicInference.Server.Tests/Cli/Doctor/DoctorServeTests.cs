using System.Net;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Tests.EndToEnd.FakeBackend;
using DeterministicInference.Server.Tests.Machine;
using Xunit;

namespace DeterministicInference.Server.Tests.Cli.Doctor;

/// <summary>
/// <c>doctor</c> and <c>serve</c> with the same settings, as processes: /health of the ready engine shows doctor's
/// verdict, except for checks that doctor named as pending. VerdictEqualityTests covers every setting.
/// </summary>
public sealed class DoctorServeTests
{
    private const string Pending =
        "\"pending\":[\"architecture_unproven\",\"seed_ignored\",\"not_repeated\",\"prefix_not_repeated\",\"self_check_incomplete\"]}";

    private static readonly string[] ReceiptsOff = ["--receipts", "off"];

    [Fact]
    public Task The_packages_and_the_GPUs_are_known_before_a_launch_and_the_model_of_the_hub_is_not() =>
        CompareAsync(
            ["--backend", "sglang", "--model-path", "org/tiny", "--backend-command", FakeBackendProcess.Command],
            reasons: ["gpu_not_measured", "packages_unknown"],
            needsEngine: ["model_not_measured"]
        );

    [Theory]
    [InlineData("strict", "0", new string[0])]
    [InlineData("strict", "1", new string[0], "seed_ignored")]
    [InlineData("enforce", "0", new[] { "prefix_cache" })]
    public async Task An_engine_with_all_that_belongs_to_it_is_deterministic_unless_it_ignores_seeds(
        string mode,
        string ignoresSeeds,
        string[] reasons,
        params string[] needsEngine
    )
    {
        (string, string)[]? nvml = await NvmlLibrary.WithAsync("9.0");
        Assert.SkipWhen(nvml is null, "skipped: needs /usr/bin/cc");
        await CompareAsync(
            [
                "--backend",
                "sglang",
                "--model-path",
                Model(),
                "--backend-command",
                Python("sglang"),
                "--determinism",
                mode,
            ],
            reasons,
            needsEngine,
            [.. nvml!, ("FAKE_IGNORE_SEED", ignoresSeeds)]
        );
    }

    [Fact]
    public Task Arguments_that_break_determinism_are_known_before_a_launch() =>
        CompareAsync(
            [
                .. ServeProcess.FakeSglang,
                .. ReceiptsOff,
                "--",
                "--tp-size",
                "4",
                "--dp-size",
                "2",
                "--kv-cache-dtype",
                "fp8_e5m2",
            ],
            reasons: ["kv_cache_type", "data_parallel", "tensor_parallel"],
            needsEngine: []
        );

    [Fact]
    public Task Without_determinism_one_reason_says_it() =>
        CompareAsync(
            [.. ServeProcess.FakeSglang, .. ReceiptsOff, "--determinism", "off"],
            reasons: ["determinism_off"],
            needsEngine: []
        );

    [Fact]
    public Task VLLM_without_a_GPU_is_known_before_a_launch() =>
        CompareAsync(
            [
                "--backend",
                "vllm",
                "--model-path",
                Model(),
                "--backend-command",
                FakeBackendProcess.Command,
                .. ReceiptsOff,
            ],
            reasons: ["gpu_unknown"],
            needsEngine: []
        );

    [Fact]
    public Task Llama_server_on_the_processor_is_deterministic()
    {
        string file = Path.Combine(TestModels.NewFolder("gguf"), "tiny.gguf");
        File.WriteAllText(file, "GGUF");
        return CompareAsync(
            ["--backend", "llamacpp", "--model-path", file, "--backend-command", FakeBackendProcess.Command],
            reasons: [],
            needsEngine: []
        );
    }

    [Fact]
    public Task The_embedded_engine_is_deterministic() =>
        CompareAsync(["--backend", "embedded", "--model-path", TestModels.Chat], reasons: [], needsEngine: []);

    [Theory]
    [InlineData("sglang", FakeDialect.SGLang, "machine_unknown", "model_not_measured", "prefix_cache")]
    [InlineData("vllm", FakeDialect.Vllm, "arguments_unknown", "machine_unknown", "model_not_measured")]
    [InlineData("llamacpp", FakeDialect.LlamaCpp, "arguments_unknown", "machine_unknown", "model_not_measured")]
    [InlineData("tgi", FakeDialect.Tgi, "no_batch_invariance", "machine_unknown", "model_not_measured")]
    [InlineData("external", FakeDialect.Vllm, "engine_unknown", "machine_unknown", "model_not_measured")]
    public async Task An_attached_engine_is_asked_all_that_serve_asks(
        string backend,
        string dialect,
        params string[] reasons
    )
    {
        await using FakeBackendProcess fake = await FakeDialect.StartAsync(dialect);
        await CompareAsync(["--backend", backend, "--backend-url", fake.Url], reasons, needsEngine: []);
    }

    [Theory]
    [InlineData("--model-path /models/gone")]
    [InlineData("--model-path org/m -- --chunked-prefill-size 1024")]
    [InlineData("--model-path org/m --backend-command /nowhere/python3")]
    [InlineData("--backend llamacpp --model-path org/m")]
    [InlineData("--backend embedded --model-path org/m")]
    [InlineData("--backend embedded --model-path EMPTY")]
    [InlineData("--backend embedded --model-path NO_WEIGHTS")]
    [InlineData("--backend embedded --model-path LESS_WEIGHTS")]
    [InlineData("--backend embedded -- --model-path org/other")]
    [InlineData("--backend embedded -- --port 1")]
    [InlineData("--backend embedded -- --no-such-option")]
    [InlineData("--backend embedded -- --threads none")]
    [InlineData("--backend sglang --model-path org/m --backend-command /bin/true -- --model-p org/other")]
    [InlineData("--backend vllm --model-path org/m --backend-command /bin/true -- org/other")]
    [InlineData("--backend llamacpp --model-path /m.gguf --backend-command /bin/true -- -hf org/other")]
    [InlineData("--model-path org/m --backend-command NOT_EXECUTABLE")]
    public async Task What_doctor_refuses_serve_refuses_in_the_same_words(string pattern)
    {
        string arguments = pattern
            .Replace("EMPTY", TestModels.NewFolder("empty"), StringComparison.Ordinal)
            .Replace("NO_WEIGHTS", Damaged("model.safetensors", null), StringComparison.Ordinal)
            .Replace(
                "LESS_WEIGHTS",
                Damaged(
                    "config.json",
                    text =>
                        text.Replace("\"num_hidden_layers\": ", "\"num_hidden_layers\": 9", StringComparison.Ordinal)
                ),
                StringComparison.Ordinal
            )
            .Replace("NOT_EXECUTABLE", NotExecutable(), StringComparison.Ordinal);
        CommandResult doctor = await ServerProgram.Built.RunAsync(["doctor", "--json", .. arguments.Split(' ')]);
        JsonNode refused = JsonNode.Parse(doctor.Output)!["findings"]!
            .AsArray()
            .First(finding => (string?)finding!["kind"] == "refused")!;
        Assert.False((bool)refused["needs_engine"]!);
        CommandResult serve = await new ServeLaunch().RunAsync(arguments.Split(' '));
        Assert.Equal((1, 1), (doctor.ExitCode, serve.ExitCode));
        Assert.Contains($"error: {refused["text"]}", serve.ErrorLines);
        // Nothing was begun.
        Assert.Equal(2, serve.OutputLines.Length);
        Assert.Contains($" | Version {ProductVersion.Text}, ", serve.OutputLines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Until_the_engine_is_asked_health_says_that_it_is_not_checked_or_what_is_known_already()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync(ReceiptsOff, ("FAKE_WARMUP_MS", "-1"));
        await server.LineAsync("Uvicorn running on ");
        Assert.Equal(
            """{"class":"not_checked","reasons":["not_checked"],""" + Pending,
            await DeterminismAsync(server, HttpStatusCode.ServiceUnavailable)
        );
        await server.Engine.PostAsync("/__fake/warm", "");
        await server.ReadyAsync("SGLang server");
        Assert.Equal(
            """{"class":"deterministic","reasons":[],"pending":[]}""",
            await DeterminismAsync(server, HttpStatusCode.OK)
        );

        await using ServeProcess other = await ServeProcess.SglangAsync(
            [.. ReceiptsOff, "--", "--dp-size", "2"],
            ("FAKE_WARMUP_MS", "-1")
        );
        await other.LineAsync("Uvicorn running on ");
        Assert.Equal(
            """{"class":"best-effort","reasons":["data_parallel"],""" + Pending,
            await DeterminismAsync(other, HttpStatusCode.ServiceUnavailable)
        );
    }

    private static async Task CompareAsync(
        string[] settings,
        string[] reasons,
        string[] needsEngine,
        params (string Name, string Value)[] variables
    )
    {
        var launch = new ServeLaunch();
        CommandResult doctor = await ServerProgram.Built.RunAsync(
            ["doctor", "--json", .. settings],
            launch.Environment(variables)
        );
        JsonNode said = JsonNode.Parse(doctor.Output)!;
        Assert.Equal(reasons, Reasons(said["findings"]!));
        Assert.Equal((reasons.Length == 0 ? 0 : 3, ""), (doctor.ExitCode, doctor.Error));
        Assert.Equal(reasons.Length == 0 ? "deterministic" : "best-effort", (string?)said["class"]);
        string[] pending =
        [
            .. said["pending"]!.AsArray().SelectMany(check => check!["codes"]!.AsArray()).Select(code => (string)code!),
        ];
        Assert.All(needsEngine, code => Assert.Contains(code, pending));

        await using ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            settings,
            variables,
            launch: launch
        );
        string backend = (string)said["backend"]!;
        await server.ReadyAsync(EngineRegistry.BuiltIn.Find(backend)!.Title);
        JsonNode health = JsonNode.Parse(await DeterminismAsync(server, HttpStatusCode.OK))!;
        string[] all = [.. reasons, .. needsEngine];
        Assert.Equal(all.Length == 0 ? "deterministic" : "best-effort", (string?)health["class"]);
        Assert.Equal(all, health["reasons"]!.AsArray().Select(code => (string)code!));
        Assert.Empty(health["pending"]!.AsArray());

        // The environment, which receipts name, and the log show the same.
        JsonNode environment = (await server.Api.GetAsync("/v1/environment")).Json;
        Assert.Equal((string?)health["class"], (string?)environment["class"]);
        Assert.Equal(all, environment["reasons"]!.AsArray().Select(code => (string)code!));
        string told = server.Log.Lines.Last(line => line.Contains("| Answers are ", StringComparison.Ordinal));
        Assert.Contains(
            all.Length == 0 ? "are deterministic: " : "are best-effort, not ",
            told,
            StringComparison.Ordinal
        );
        Assert.All(
            said["findings"]!.AsArray().Where(finding => (string?)finding!["kind"] == "degrades"),
            finding => Assert.Contains((string)finding!["text"]!, told, StringComparison.Ordinal)
        );
    }

    private static string[] Reasons(JsonNode findings) =>
        [
            .. findings
                .AsArray()
                .Where(finding => (string?)finding!["kind"] != "note")
                .Select(finding => (string)finding!["code"]!),
        ];

    private static async Task<string> DeterminismAsync(ServeProcess server, HttpStatusCode status)
    {
        Reply reply = await server.Api.GetAsync("/health");
        Assert.Equal(status, reply.Status);
        return reply.Json["determinism"]!.ToJsonString();
    }

    /// <summary>A model without one of its files, or with another text in it.</summary>
    private static string Damaged(string name, Func<string, string>? change)
    {
        string folder = TestModels.NewFolder("damaged");
        foreach (string file in Directory.GetFiles(TestModels.Chat))
        {
            if (Path.GetFileName(file) != name)
                File.CreateSymbolicLink(Path.Combine(folder, Path.GetFileName(file)), file);
        }
        if (change is not null)
        {
            string text = File.ReadAllText(Path.Combine(TestModels.Chat, name)),
                changed = change(text);
            Assert.NotEqual(text, changed);
            File.WriteAllText(Path.Combine(folder, name), changed);
        }
        return folder;
    }

    private static string NotExecutable()
    {
        string file = Path.Combine(TestModels.NewFolder("bin"), "python3");
        File.WriteAllText(file, "#!/bin/sh\n");
        return file;
    }

    /// <summary>A folder that can be hashed.</summary>
    private static string Model()
    {
        string folder = TestModels.NewFolder("model");
        File.WriteAllText(Path.Combine(folder, "config.json"), """{"architectures":["LlamaForCausalLM"]}""");
        File.WriteAllText(Path.Combine(folder, "model.safetensors"), "weights");
        return folder;
    }

    /// <summary>The interpreter of a virtual environment with an engine; it is FakeBackend.</summary>
    private static string Python(string package)
    {
        string root = TestModels.NewFolder("venv"),
            interpreter = Path.Combine(root, "bin", "python3");
        Directory.CreateDirectory(Path.GetDirectoryName(interpreter)!);
        Directory.CreateDirectory(Path.Combine(root, $"lib/python3.12/site-packages/{package}-1.0.dist-info"));
        File.WriteAllText(Path.Combine(root, "pyvenv.cfg"), "version = 3.12.3\n");
        File.CreateSymbolicLink(interpreter, FakeBackendProcess.Command);
        return interpreter;
    }
}
