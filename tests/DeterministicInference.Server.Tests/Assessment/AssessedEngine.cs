using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Server.Assessment;
using DeterministicInference.Server.Cli.Doctor;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Machine;
using DeterministicInference.Server.Receipts.Store;
using DeterministicInference.Server.Tests.Engines;
using Microsoft.Extensions.Logging;

namespace DeterministicInference.Server.Tests.Assessment;

/// <summary>
/// An engine with its machine and folders: the assessment reads real sockets and real files. Two of them differ only in
/// their paths.
/// </summary>
internal sealed class AssessedEngine
{
    public AssessedEngine(string backend)
    {
        Root = TestModels.NewFolder(backend);
        string model = Path.Combine(Root, "models", "tiny"),
            python = Path.Combine(Root, "venv");
        Write("models/tiny/model.safetensors", "weights");
        Write("models/tiny.gguf", GgufBytes.Text("weights"));
        Write("models/tiny/config.json", "{}");
        Write("adapters/lora/adapter.safetensors", backend == "llamacpp" ? GgufBytes.Text("adapter") : "adapter");
        Write("venv/pyvenv.cfg", "version = 3.12.3\n");
        string interpreter = Program("venv/bin/python3"),
            script = Program("venv/bin/vllm", $"#!{python}/bin/python3\n"),
            llamaServer = Program("bin/llama-server");
        foreach (
            string package in (string[])
                ["torch-2.9.1", "sglang-0.5.6", "vllm-0.32.0", "nvidia_cublas_cu12-12.8.4", "requests-2.32"]
        )
        {
            Directory.CreateDirectory(Path.Combine(Root, "venv/lib/python3.12/site-packages", package + ".dist-info"));
        }
        string adapter = Path.Combine(Root, "adapters", "lora");
        Options = new ServeOptions
        {
            Backend = backend,
            ModelPath = backend == "llamacpp" ? model + ".gguf" : model,
            ServedModelName = "tiny",
            DataDir = Path.Combine(Root, "data"),
            BackendCommand = backend switch
            {
                "sglang" => interpreter,
                "vllm" => script,
                "llamacpp" => llamaServer,
                _ => null,
            },
            BackendArguments = backend switch
            {
                "sglang" => ["--lora-paths", $"a={adapter}"],
                "vllm" => ["--lora-modules", $"a={adapter}", "--max-model-len", "4096"],
                "llamacpp" => ["--lora", Path.Combine(adapter, "adapter.safetensors")],
                _ => [],
            },
        };
        Report = new JsonObject
        {
            ["model_path"] = Options.ModelPath,
            ["host"] = "127.0.0.1",
            ["port"] = 30000,
            ["api_key"] = "sk-1",
            ["random_seed"] = Root.GetHashCode(StringComparison.Ordinal),
            ["enable_deterministic_inference"] = true,
            ["attention_backend"] = "fa3",
            ["sampling_backend"] = "pytorch",
            ["chunked_prefill_size"] = 4096,
            ["disable_radix_cache"] = true,
            ["tp_size"] = 1,
            ["quantization"] = null,
            ["lora_paths"] = new JsonObject { ["a"] = adapter },
            ["chat_template"] = Path.Combine(Root, "t.jinja"),
            ["version"] = "0.5.6",
            ["max_total_num_tokens"] = Root.Length,
            ["internal_states"] = new JsonArray(new JsonObject { ["last_gen_throughput"] = 1.5 }),
            ["build_info"] = "b7000-abcdef",
            ["total_slots"] = 1,
            ["chat_template_text"] = "x",
            ["semantics"] = "1",
        };
        if (backend == "llamacpp")
            Report["chat_template"] = "{{ messages }}";
    }

    public string Root { get; }

    public ServeOptions Options { get; set; }

    /// <summary>The engine's report about itself, on every route.</summary>
    public JsonObject Report { get; }

    /// <summary>The owner of its model, if it reports one.</summary>
    public string? ModelOwner { get; init; } = "acme";

    /// <summary>Whether it is an OpenAI server at all.</summary>
    public bool ListsModels { get; init; } = true;

    public MachineFacts Machine { get; set; } =
        Machines.With("10.0", "10.0") with
        {
            CpuFlags = ["avx2", "fma"],
            Gpu = new GpuEnvironment
            {
                Gpus = [new GpuDevice(0, "NVIDIA B200", 1, new(10, 0)), new GpuDevice(1, "NVIDIA B200", 1, new(10, 0))],
                DriverVersion = "580.1",
                CudaVersion = "13.0",
            },
            Variables = new Dictionary<string, string>
            {
                ["CUDA_VISIBLE_DEVICES"] = "0",
                ["NCCL_ALGO"] = "Tree",
                ["VLLM_API_KEY"] = "sk-2",
                ["UNRELATED"] = "1",
            },
        };

    public LogLines Log { get; } = new();

    public string Set(string variable, string value)
    {
        Machine = Machine with { Variables = new Dictionary<string, string>(Machine.Variables) { [variable] = value } };
        return value;
    }

    public void Write(string name, string text)
    {
        string file = Path.Combine(Root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    /// <summary>Called between the launch and the time when the engine is healthy.</summary>
    public Action WhileItStarts { get; set; } = () => { };

    /// <summary>Whether something listens at the URL of the settings.</summary>
    public bool IsThere { get; set; } = true;

    /// <summary>Whether the engine honours seeds.</summary>
    public bool KeepsSeeds { get; set; } = true;

    public IEngineKind Kind => EngineRegistry.BuiltIn.Of(Options);

    /// <summary>The machine, with the facts about the settings' model.</summary>
    public MachineFacts Seen =>
        Machine with
        {
            Model = ModelFactsReader.Read(Options.ModelPath, Kind.Determinism.TemplateIn(Options, Machine.Variables)),
            Installation = EngineMachine.InstallationOf(Kind, Options, Machine.Variables),
        };

    /// <summary>The environment in which it computes once it is ready.</summary>
    public async Task<InferenceEnvironment> MeasureAsync() => (await AssessAsync()).Ready.ToEnvironment();

    /// <summary>The two stages of its assessment, as <c>serve</c> makes them.</summary>
    public async Task<(EngineAssessment Before, EngineAssessment Ready)> AssessAsync()
    {
        await using StubEngine engine = await StartAsync();
        using ILoggerFactory loggers = LoggerFactory.Create(logging => logging.AddProvider(Log));
        ILogger logger = loggers.CreateLogger("test");
        using var calls = new EngineCalls(engine.Url, key: null);
        var served = new ServedAssessment(
            Kind,
            Options,
            Seen,
            calls,
            new EnvironmentRegistry(null),
            _ => { },
            TimeProvider.System,
            logger
        );
        using (served)
        {
            EngineAssessment before = served.BeforeLaunch(
                Options.BackendUrl is null ? Kind.Launcher!.Launch(Options, Seen) : null
            );
            served.BeginHashing();
            WhileItStarts();
            return (
                before,
                await served.CompleteAsync(
                    before,
                    TimeSpan.FromSeconds(60),
                    Xunit.TestContext.Current.CancellationToken
                )
            );
        }
    }

    /// <summary>The diagnosis of <c>doctor</c> with the same settings.</summary>
    public async Task<Diagnosis> DiagnoseAsync()
    {
        await using StubEngine engine = await StartAsync();
        return await Diagnosis.MakeAsync(
            Kind,
            Options,
            ServeKeys.Read(Options),
            Seen,
            Xunit.TestContext.Current.CancellationToken
        );
    }

    /// <summary>The engine itself; settings with a URL get this one's.</summary>
    public async Task<StubEngine> StartAsync()
    {
        StubEngine engine = await StubEngine.StartAsync(
            (prompt, seed, _) => Task.FromResult(StubEngine.Text(KeepsSeeds ? $"{prompt} {seed}" : prompt)),
            Report.ToJsonString()
        );
        foreach (string path in (string[])["/version", "/props", "/info"])
            engine.Answers[path] = Report.ToJsonString();
        var model = new JsonObject { ["id"] = "tiny", ["owned_by"] = ModelOwner };
        if (ListsModels)
            engine.Answers["/v1/models"] = new JsonObject { ["data"] = new JsonArray(model) }.ToJsonString();
        if (Options.BackendUrl is not null && IsThere)
            Options = Options with { BackendUrl = engine.Url };
        return engine;
    }

    /// <summary>Writes an executable file.</summary>
    public string Program(string name, string text = "\u007fELF")
    {
        Write(name, text);
        string file = Path.Combine(Root, name);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return file;
    }
}
