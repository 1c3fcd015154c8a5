using System.Text.Json.Nodes;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Tests.Assessment;
using DeterministicInference.Server.Tests.Machine;
using Xunit;

namespace DeterministicInference.Server.Tests.Cli.Doctor;

/// <summary>
/// <c>doctor</c> reports what an engine and its configuration can promise on this machine, without starting it.
/// </summary>
public sealed class DoctorDiagnosisTests
{
    private const string NeedsCompiler = "skipped: needs /usr/bin/cc";

    private static readonly string Model = FolderWith("config.json", """{"architectures":["LlamaForCausalLM"]}""");

    [Fact]
    public async Task Without_settings_it_is_about_the_embedded_engine()
    {
        CommandResult result = await ServerProgram.Built.RunAsync(["doctor"]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Dictionary<string, string> lines = Lines(result);
        Assert.Equal(
            [
                "machine",
                "gpus",
                "engine",
                "launch",
                "verdict",
                "model",
                "numerics",
                "instructions",
                "threads",
                "logits",
                "sampled",
            ],
            lines.Keys.Where(label => label is not "driver").Select(label => label == "gpu 0" ? "gpus" : label)
        );
        Assert.Equal("Embedded engine", lines["engine"]);
        Assert.StartsWith(
            "deterministic: the embedded engine's fixed arithmetic: ",
            lines["verdict"],
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(
        "8.0",
        "sglang",
        0,
        "--attention-backend triton",
        "deterministic: SGLang's deterministic mode, for one build on GPUs of one kind"
    )]
    [InlineData("9.0", "sglang", 3, "--attention-backend fa3", "best-effort (prefix_cache)")]
    [InlineData("8.9 8.9", "sglang", 0, "--attention-backend triton", "deterministic: ")]
    [InlineData("12.0", "sglang", 0, "--attention-backend flashinfer", "deterministic: ")]
    [InlineData("10.0", "vllm", 0, "VLLM_BATCH_INVARIANT=1", "deterministic: vLLM's batch-invariant mode")]
    [InlineData("9.0", "vllm", 3, "VLLM_BATCH_INVARIANT=1", "best-effort (attention_backend)")]
    [InlineData("8.0", "vllm", 3, "VLLM_BATCH_INVARIANT=1", "best-effort (gpu_unverified)")]
    [InlineData("?", "vllm", 3, "VLLM_BATCH_INVARIANT=1", "best-effort (gpu_unknown)")]
    public async Task A_launched_engine_is_judged_by_the_GPUs_that_NVML_sees(
        string gpus,
        string backend,
        int exitCode,
        string launch,
        string verdict
    )
    {
        (string, string)[]? nvml = await NvmlLibrary.WithAsync(gpus);
        Assert.SkipWhen(nvml is null, NeedsCompiler);
        string[] arguments =
        [
            "doctor",
            "--backend",
            backend,
            "--model-path",
            Model,
            "--backend-command",
            FakeBackendProcess.Command,
            // Without receipts packages are not needed; FakeBackend has none.
            "--receipts",
            "off",
        ];
        CommandResult result = await ServerProgram.Built.RunAsync(arguments, nvml!);
        Assert.Equal((exitCode, ""), (result.ExitCode, result.Error));
        Dictionary<string, string> lines = Lines(result);
        Assert.Contains(launch, lines["launch"], StringComparison.Ordinal);
        Assert.StartsWith(verdict, lines["verdict"], StringComparison.Ordinal);
        Assert.Equal(
            gpus.Split(' ')
                .Select(
                    (gpu, index) =>
                        $"NVIDIA Test {index}, 81559 MiB, compute capability {gpu.Replace("?", "unknown", StringComparison.Ordinal)}"
                ),
            lines.Where(line => line.Key.StartsWith("gpu ", StringComparison.Ordinal)).Select(line => line.Value)
        );
        Assert.Equal("550.54.15, CUDA 12.4", lines["driver"]);
        Assert.DoesNotContain("logits", lines.Keys);

        JsonNode json = JsonNode.Parse((await ServerProgram.Built.RunAsync([.. arguments, "--json"], nvml!)).Output)!;
        Assert.Equal(
            gpus.Split(' ').Select(gpu => gpu == "?" ? null : gpu),
            json["gpus"]!.AsArray().Select(gpu => (string?)gpu!["compute_capability"])
        );
        Assert.Equal(
            (exitCode == 0 ? "deterministic" : "best-effort", true),
            ((string?)json["class"], (bool)json["can_start"]!)
        );
        Assert.Equal(("550.54.15", "12.4"), ((string?)json["driver_version"], (string?)json["cuda_version"]));
        Assert.Equal(lines["launch"], (string?)json["launch"]);
    }

    [Theory]
    [InlineData(
        "--chunked-prefill-size 1024",
        "--chunked-prefill-size 1024 makes longer prompts hang forever in the deterministic mode of builds before "
            + "0.5.23, which cut them at multiples of 4096 (SGLANG_FLASHINFER_PREFILL_SPLIT_TILE_SIZE). Give 4096 or "
            + "more, or leave it out."
    )]
    [InlineData(
        "--attention-backend torch_native",
        "--attention-backend torch_native has no deterministic mode. Use fa3, triton or flashinfer, or leave it out."
    )]
    public async Task What_would_be_refused_is_exit_code_1(string own, string refused)
    {
        CommandResult result = await ServerProgram.Built.RunAsync([
            "doctor",
            "--model-path",
            Model,
            "--backend-command",
            FakeBackendProcess.Command,
            "--",
            .. own.Split(' '),
        ]);
        Assert.Equal(1, result.ExitCode);
        Assert.Equal((refused, "can't start"), (Lines(result)["refused"], Lines(result)["verdict"]));
    }

    [Theory]
    [InlineData(
        "sglang",
        "'python3' was not found. Install Python 3 and SGLang (pip install sglang), name the interpreter of its virtual "
            + "environment with --backend-command, or without a GPU use --backend embedded."
    )]
    [InlineData(
        "vllm",
        "'vllm' was not found. Install vLLM (pip install vllm), name the vllm program of its virtual environment "
            + "with --backend-command, or without a GPU use --backend embedded."
    )]
    public async Task A_missing_executable_is_exit_code_1(string backend, string refused)
    {
        CommandResult result = await ServerProgram.Built.RunAsync(
            ["doctor", "--backend", backend, "--model-path", Model],
            ("PATH", TestModels.NewFolder("no-programs"))
        );
        Assert.Equal((1, refused), (result.ExitCode, Lines(result)["refused"]));
    }

    [Fact]
    public async Task A_missing_model_is_exit_code_1_for_every_engine()
    {
        foreach (string backend in EngineRegistry.BuiltIn.All.Where(e => e.Launcher is not null).Select(e => e.Name))
        {
            CommandResult result = await ServerProgram.Built.RunAsync([
                "doctor",
                "--backend",
                backend,
                "--model-path",
                "/models/gone",
                "--json",
            ]);
            JsonNode json = JsonNode.Parse(result.Output)!;
            Assert.Equal((1, false), (result.ExitCode, (bool)json["can_start"]!));
            Assert.Contains(
                json["findings"]!.AsArray(),
                finding => ((string?)finding!["kind"], (string?)finding["code"]) == ("refused", "model_missing")
            );
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("GGU")]
    [InlineData("random bytes that are no model")]
    public async Task A_file_that_only_has_the_name_of_a_model_is_refused(string content)
    {
        string folder = FolderWith("tiny.gguf", content),
            program = Path.Combine(folder, "llama-server");
        File.CreateSymbolicLink(program, FakeBackendProcess.Command);
        string[] settings = ["doctor", "--backend", "llamacpp", "--model-path", folder, "--backend-command", program];
        CommandResult result = await ServerProgram.Built.RunAsync(settings);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(
            $"'{folder}/tiny.gguf' does not begin as a GGUF file does. Give --model-path a file that is whole.",
            result.Output + result.Error,
            StringComparison.Ordinal
        );
        File.WriteAllText(Path.Combine(folder, "tiny.gguf"), "GGUF" + content);
        CommandResult broken = await ServerProgram.Built.RunAsync(settings);
        Assert.Equal(1, broken.ExitCode);
        Assert.Equal("can't start", Lines(broken)["verdict"]);
        File.WriteAllText(Path.Combine(folder, "tiny.gguf"), GgufBytes.Text());
        Assert.DoesNotContain("GGUF file", (await ServerProgram.Built.RunAsync(settings)).Output);
        // What is loaded beside the model is looked at likewise.
        CommandResult beside = await ServerProgram.Built.RunAsync([
            .. settings,
            "--",
            "--mmproj",
            FolderWith("mmproj.gguf", content) + "/mmproj.gguf",
        ]);
        Assert.Equal(1, beside.ExitCode);
        Assert.Contains("Give --mmproj a file that is whole.", beside.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Arguments_that_only_the_engine_knows_are_said_to_be_unchecked()
    {
        string folder = FolderWith("tiny.gguf", "");
        string[] settings =
        [
            "doctor",
            "--backend",
            "llamacpp",
            "--model-path",
            folder,
            "--backend-command",
            FakeBackendProcess.Command,
        ];
        const string open = "whether the engine takes the arguments after --";
        Assert.Contains(
            $"needs engine  {open}\n",
            (await ServerProgram.Built.RunAsync([.. settings, "--", "--frobnicate"])).Output,
            StringComparison.Ordinal
        );
        JsonNode json = JsonNode.Parse(
            (await ServerProgram.Built.RunAsync([.. settings, "--json", "--", "--frobnicate"])).Output
        )!;
        Assert.Contains(json["pending"]!.AsArray(), check => (string?)check!["question"] == open);
        Assert.DoesNotContain(open, (await ServerProgram.Built.RunAsync(settings)).Output);
        // Those of the embedded engine are all checked.
        CommandResult embedded = await ServerProgram.Built.RunAsync([
            "doctor",
            "--backend",
            "embedded",
            "--",
            "--threads",
            "1",
        ]);
        Assert.DoesNotContain(open, embedded.Output);
    }

    [Fact]
    public async Task The_file_that_llama_server_loads_is_shown()
    {
        string folder = FolderWith("tiny.gguf", "");
        CommandResult result = await ServerProgram.Built.RunAsync([
            "doctor",
            "--backend",
            "llamacpp",
            "--model-path",
            folder,
            "--backend-command",
            FakeBackendProcess.Command,
        ]);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains($" {FakeBackendProcess.Command} -m {folder}/tiny.gguf --host ", Lines(result)["launch"]);
    }

    [Fact]
    public async Task An_attached_engine_is_asked_and_must_answer()
    {
        await using StubEngine engine = await StubEngine.StartAsync(
            (prompt, seed, _) => Task.FromResult(StubEngine.Text($"{prompt} {seed}")),
            """{"enable_deterministic_inference":true,"attention_backend":"triton"}""",
            key: "sk-1234567"
        );
        string url = engine.Url.ToString().TrimEnd('/');
        CommandResult result = await ServerProgram.Built.RunAsync(
            ["doctor", "--backend-url", url, "--receipts", "off"],
            ("INFERENCE_BACKEND_API_KEY", "sk-1234567")
        );
        Assert.Equal((0, url), (result.ExitCode, Lines(result)["attach"]));
        // The engine was tested as serve does, and no check is pending.
        Assert.Equal(11, engine.Bodies.Count);
        Assert.DoesNotContain("needs engine", Lines(result).Keys);
        result = await ServerProgram.Built.RunAsync(["doctor", "--backend-url", url]);
        Assert.Equal(
            (
                1,
                $"--backend-url: the engine at {url.TrimEnd('/')} is not ready: /health answers 401. Give the engine's key with "
                    + "--backend-api-key-file."
            ),
            (result.ExitCode, Lines(result)["refused"])
        );
        result = await ServerProgram.Built.RunAsync(["doctor", "--backend", "external", "--backend-url", url]);
        Assert.Equal(
            (3, "best-effort (engine_unknown, machine_unknown, model_not_measured, no_model_list)"),
            (result.ExitCode, Lines(result)["verdict"])
        );
    }

    [Fact]
    public async Task Secrets_are_not_shown()
    {
        CommandResult result = await ServerProgram.Built.RunAsync([
            "doctor",
            "--model-path",
            "org/m",
            "--backend-command",
            FakeBackendProcess.Command,
            "--backend-api-key",
            "sk-own-123",
            "--",
            "--api-key",
            "sk-own-123",
            "--x=sk-own-123",
        ]);
        Assert.EndsWith("--api-key *** --x=***", Lines(result)["launch"], StringComparison.Ordinal);
        Assert.DoesNotContain("sk-own-123", result.Output + result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_come_from_variables_and_files_too()
    {
        CommandResult result = await ServerProgram.Built.RunAsync(
            ["doctor", "--determinism", "off", "--receipts", "off"],
            ("INFERENCE_MODEL_PATH", "org/m"),
            ("INFERENCE_BACKEND", "vllm"),
            ("INFERENCE_BACKEND_COMMAND", FakeBackendProcess.Command)
        );
        Assert.Equal((3, "best-effort (determinism_off)"), (result.ExitCode, Lines(result)["verdict"]));
        Assert.Equal("vLLM server", Lines(result)["engine"]);
    }

    [Theory]
    [InlineData("--backend what", "--backend: 'what' is not a known engine.")]
    [InlineData("--backend sglang", "--model-path: no model.")]
    [InlineData("--model-path m --nonsense", "--nonsense: unknown option.")]
    [InlineData(
        "--model-path m --threads 2",
        "--threads: applies to the embedded engine only. Leave it out, or give --backend embedded."
    )]
    [InlineData("--threads 0", "--threads: '0' is not a whole number from 1 to 512.")]
    [InlineData("--print-config", "--print-config: applies to serve only. Leave it out.")]
    [InlineData("extra", "'extra': unknown command or argument.")]
    public async Task Wrong_settings_are_exit_code_2(string arguments, string error)
    {
        CommandResult result = await ServerProgram.Built.RunAsync(["doctor", .. arguments.Split(' ')]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith($"error: {error}", result.ErrorLines[0], StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Lines(CommandResult result) =>
        result
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .DistinctBy(line => line[..14])
            .ToDictionary(line => line[..14].Trim(), line => line[14..]);

    private static string FolderWith(string file, string content)
    {
        string folder = TestModels.NewFolder("doctor");
        File.WriteAllText(Path.Combine(folder, file), content);
        return folder;
    }
}
