using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Server.Backends;
using DeterministicInference.Server.Backends.Facts;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Receipts;
using DeterministicInference.Server.Tests.Models;
using DeterministicInference.Server.Tests.Proxy;
using Microsoft.Extensions.Logging;

namespace DeterministicInference.Server.Tests.Backends.Facts;

/// <summary>
/// An engine on a machine, down to its folders: what is measured of it is read from a real socket and real files. Two of them are equal but
/// for where everything is.
/// </summary>
internal sealed class MeasuredEngine
{
    public MeasuredEngine(string backend)
    {
        Root = TestModels.NewFolder(backend);
        string model = Path.Combine(Root, "models", "tiny"), python = Path.Combine(Root, "venv");
        Write("models/tiny/model.safetensors", "weights");
        Write("models/tiny.gguf", "GGUF weights");
        Write("models/tiny/config.json", "{}");
        Write("adapters/lora/adapter.safetensors", "adapter");
        Write("venv/pyvenv.cfg", "version = 3.12.3\n");
        Write("venv/bin/python3", "\u007fELF");
        Write("venv/bin/vllm", $"#!{python}/bin/python3\n");
        foreach (string package in (string[])["torch-2.9.1", "sglang-0.5.6", "vllm-0.12.0", "nvidia_cublas_cu12-12.8.4", "requests-2.32"])
        {
            Directory.CreateDirectory(Path.Combine(Root, "venv/lib/python3.12/site-packages", package + ".dist-info"));
        }
        string adapter = Path.Combine(Root, "adapters", "lora");
        Options = new InferenceOptions
        {
            Backend = backend,
            ModelPath = backend == "llamacpp" ? model + ".gguf" : model,
            ServedModelName = "tiny",
            DataDir = Path.Combine(Root, "data"),
            BackendCommand = backend switch { "sglang" => python + "/bin/python3", "vllm" => python + "/bin/vllm", _ => null },
            BackendArguments = backend switch
            {
                "sglang" => ["--lora-paths", $"a={adapter}"],
                "vllm" => ["--lora-modules", $"a={adapter}", "--max-model-len", "4096"],
                _ => ["--lora", Path.Combine(adapter, "adapter.safetensors")],
            },
        };
        Report = new JsonObject
        {
            ["model_path"] = Options.ModelPath, ["host"] = "127.0.0.1", ["port"] = 30000, ["api_key"] = "sk-1", ["random_seed"] = Root.GetHashCode(StringComparison.Ordinal),
            ["enable_deterministic_inference"] = true, ["attention_backend"] = "fa3", ["sampling_backend"] = "pytorch", ["chunked_prefill_size"] = 4096, ["tp_size"] = 1,
            ["quantization"] = null, ["lora_paths"] = new JsonObject { ["a"] = adapter }, ["chat_template"] = Path.Combine(Root, "t.jinja"), ["version"] = "0.5.6",
            ["max_total_num_tokens"] = Root.Length, ["internal_states"] = new JsonArray(new JsonObject { ["last_gen_throughput"] = 1.5 }),
            ["build_info"] = "b7000-abcdef", ["total_slots"] = 1, ["chat_template_text"] = "x",
        };
        if (backend == "llamacpp") Report["chat_template"] = "{{ messages }}";
    }

    public string Root { get; }

    public InferenceOptions Options { get; set; }

    /// <summary>What the engine says of itself, on every route.</summary>
    public JsonObject Report { get; }

    public MachineFacts Machine { get; set; } = Machines.With("9.0", "9.0") with
    {
        CpuFlags = ["avx2", "fma"],
        Gpu = new GpuEnvironment
        {
            Gpus = [new GpuDevice(0, "NVIDIA H100", 1, new(9, 0)), new GpuDevice(1, "NVIDIA H100", 1, new(9, 0))], DriverVersion = "580.1", CudaVersion = "13.0",
        },
        Variables = new Dictionary<string, string> { ["CUDA_VISIBLE_DEVICES"] = "0", ["NCCL_ALGO"] = "Tree", ["VLLM_API_KEY"] = "sk-2", ["UNRELATED"] = "1" },
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

    /// <summary>Measured as before it is ready; the reasons are the codes of what was lacking.</summary>
    public async Task<InferenceEnvironment> MeasureAsync()
    {
        await using StubEngine engine = await StubEngine.StartAsync((prompt, _, _) => Task.FromResult(StubEngine.Text(prompt)), Report.ToJsonString());
        foreach (string path in (string[])["/version", "/props", "/info"]) engine.Answers[path] = Report.ToJsonString();
        engine.Answers["/v1/models"] = """{"object":"list","data":[{"id":"tiny","owned_by":"acme"}]}""";
        if (Options.BackendUrl is not null) Options = Options with { BackendUrl = engine.Url };
        IBackend backend = BackendRegistry.Find(Options.Backend)!;
        using ILoggerFactory loggers = LoggerFactory.Create(logging => logging.AddProvider(Log));
        ILogger logger = loggers.CreateLogger("test");
        using var calls = new EngineCalls(engine.Url, key: null);
        var model = new ModelMeasurement(
            backend.ModelParts(Options), HubCache.Of(Machine.Variables, backend.DownloadFolder(Options)), new KnownHashes(Options.DataDir!, TimeProvider.System, logger),
            Options, new BackendStatus(engine.Url), logger);
        using var measurement = new EnvironmentMeasurement(backend, Options, Machine, calls, model, new EnvironmentRegistry(null), logger);
        measurement.Begin();
        FactSheet sheet = await measurement.MeasureAsync(Xunit.TestContext.Current.CancellationToken);
        return new InferenceEnvironment(sheet.Facts, sheet.Findings.Select(finding => finding.Code));
    }
}
