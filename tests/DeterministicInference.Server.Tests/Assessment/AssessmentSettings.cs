using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Tests.Engines;
using DeterministicInference.Server.Tests.Machine;

namespace DeterministicInference.Server.Tests.Assessment;

/// <summary>
/// Settings, machines and files under which <c>doctor</c> and <c>serve</c> must give the same verdict.
/// </summary>
internal static class AssessmentSettings
{
    public const string HubName = "org/hub-model",
        Unreachable = "attached to nothing";

    private static readonly Dictionary<string, string> Degrading = new()
    {
        ["sglang"] = "--kv-cache-dtype fp8_e5m2",
        ["vllm"] = "--kv-cache-dtype fp8",
        ["llamacpp"] = "-np 4",
        ["embedded"] = "--threads 1",
    };

    private static readonly Dictionary<string, string> Refused = new()
    {
        ["sglang"] = "--attention-backend triton --chunked-prefill-size 512",
        ["llamacpp"] = "--models-dir /models",
    };

    private static readonly Dictionary<string, string> Places = new()
    {
        ["sglang"] = "--tokenizer-path /nowhere",
        ["vllm"] = "--hf-config-path /nowhere",
        ["llamacpp"] = "--grammar-file /nowhere",
    };

    /// <summary>Settings by name; each changes an engine that is launched and deterministic.</summary>
    private static readonly Dictionary<string, Action<AssessedEngine>> OfEvery = new()
    {
        ["as it is"] = _ => { },
        ["name on the hub, in the cache"] = engine =>
        {
            engine.Set("HF_HUB_CACHE", engine.Root);
            HuggingFaceCacheTests.Write(engine.Root, HubName);
            engine.Options = engine.Options with { ModelPath = HubName };
        },
        ["name on the hub, never seen"] = engine =>
        {
            engine.Set("HF_HUB_CACHE", engine.Root);
            engine.Options = engine.Options with { ModelPath = HubName };
        },
        ["model path absent"] = engine => engine.Options = engine.Options with { ModelPath = "/models/gone" },
        ["model is a link to nowhere"] = engine =>
        {
            string folder = Path.Combine(engine.Root, "broken");
            Directory.CreateDirectory(folder);
            File.CreateSymbolicLink(Path.Combine(folder, "model.safetensors"), "/nowhere");
            engine.Options = engine.Options with { ModelPath = folder };
        },
        ["receipts off"] = engine => engine.Options = engine.Options with { Receipts = ReceiptMode.Off },
        ["determinism off"] = engine => engine.Options = engine.Options with { Determinism = DeterminismMode.Off },
        ["no GPU"] = engine => Gpus(engine, Machines.NoGpu),
        ["GPU too old"] = engine => Gpus(engine, "7.0"),
        ["GPU of unknown capability"] = engine => Gpus(engine, "?"),
        ["GPUs of two kinds"] = engine => Gpus(engine, "8.0", "9.0"),
        ["a slice of a GPU"] = engine => engine.Set("CUDA_VISIBLE_DEVICES", "MIG-1"),
        ["variables of engines"] = engine => engine.Set("VLLM_ATTENTION_BACKEND", "FLASHINFER"),
        ["template with a clock"] = engine =>
            engine.Write("models/tiny/chat_template.jinja", "{{ strftime_now('%d') }}"),
    };

    private static readonly Dictionary<string, Action<AssessedEngine>> OfLaunched = new()
    {
        ["name on the hub, downloaded by the engine"] = engine =>
        {
            engine.Set("HF_HUB_CACHE", engine.Root);
            engine.Options = engine.Options with { ModelPath = HubName };
            engine.WhileItStarts = () => HuggingFaceCacheTests.Write(engine.Root, HubName);
        },
        ["model path absent, command is a wrapper"] = engine =>
            engine.Options = engine.Options with
            {
                ModelPath = "/models/gone",
                BackendCommand = engine.Program("bin/run-in-container"),
            },
        ["command missing"] = engine =>
            engine.Options = engine.Options with { BackendCommand = Path.Combine(engine.Root, "bin/none") },
        ["no packages"] = engine => Directory.Delete(Path.Combine(engine.Root, "venv/lib"), recursive: true),
        ["no instruction sets"] = engine => engine.Machine = engine.Machine with { CpuFlags = [] },
        ["arguments that degrade"] = engine => Arguments(engine, Degrading),
        ["arguments that are refused"] = engine => Arguments(engine, Refused),
        ["arguments that name a place"] = engine => Arguments(engine, Places),
    };

    private static readonly Dictionary<string, Action<AssessedEngine>> OfAttached = new()
    {
        ["attached"] = _ => { },
        ["attached, no model"] = engine => engine.Options = engine.Options with { ModelPath = null },
        ["attached, receipts off"] = engine => engine.Options = engine.Options with { Receipts = ReceiptMode.Off },
        ["attached, determinism off"] = engine =>
            engine.Options = engine.Options with { Determinism = DeterminismMode.Off },
        ["attached, started without its mode"] = engine => engine.Report["enable_deterministic_inference"] = false,
        ["attached, with slots"] = engine => engine.Report["total_slots"] = 4,
        [Unreachable] = engine => engine.IsThere = false,
    };

    /// <summary>The engine under every setting that concerns it.</summary>
    public static IEnumerable<(string Setting, AssessedEngine Engine)> Of(string backend)
    {
        bool isLaunched = new AssessedEngine(backend).Kind.Launcher is not null;
        foreach ((string setting, Action<AssessedEngine> change) in OfEvery)
            yield return (setting, Changed(change, attach: !isLaunched));
        foreach ((string setting, Action<AssessedEngine> change) in isLaunched ? OfLaunched : [])
            yield return (setting, Changed(change, attach: false));
        foreach ((string setting, Action<AssessedEngine> change) in OfAttached)
            yield return (setting, Changed(change, attach: true));

        AssessedEngine Changed(Action<AssessedEngine> change, bool attach)
        {
            var engine = new AssessedEngine(backend);
            if (attach)
            {
                engine.Options = engine.Options with
                {
                    BackendUrl = new Uri("http://127.0.0.1:9"),
                    BackendCommand = null,
                    BackendArguments = [],
                };
            }
            change(engine);
            return engine;
        }
    }

    private static void Gpus(AssessedEngine engine, params string[] capabilities) =>
        engine.Machine = engine.Machine with { Gpu = Machines.With(capabilities).Gpu };

    private static void Arguments(AssessedEngine engine, Dictionary<string, string> own) =>
        engine.Options = engine.Options with
        {
            BackendArguments =
            [
                .. engine.Options.BackendArguments,
                .. own.GetValueOrDefault(engine.Options.Backend)?.Split(' ') ?? [],
            ],
        };
}
