using System.Globalization;
using System.Text;
using DeterministicInference.Receipts;

namespace DeterministicInference.Server.Backends.Facts;

/// <summary>What llama-server's answers depend on: its build, its arguments, and the processor or the GPU that computes.</summary>
internal static class LlamaCppFacts
{
    /// <summary>More layers than any model has: nothing is left to the processor.</summary>
    private const int AllLayers = 999;

    private static readonly Dictionary<string, string> Aliases = new(StringComparer.Ordinal)
    {
        ["-t"] = "--threads", ["-tb"] = "--threads-batch", ["-b"] = "--batch-size", ["-ub"] = "--ubatch-size", ["-fa"] = "--flash-attn", ["-np"] = "--parallel",
        ["-c"] = "--ctx-size", ["-ngl"] = "--gpu-layers", ["--n-gpu-layers"] = "--gpu-layers", ["-ctk"] = "--cache-type-k", ["-ctv"] = "--cache-type-v",
        ["-n"] = "--predict", ["--n-predict"] = "--predict", ["-sm"] = "--split-mode", ["-ts"] = "--tensor-split", ["-mg"] = "--main-gpu", ["-dev"] = "--device",
        ["-ot"] = "--override-tensor", ["-s"] = "--seed", ["-m"] = "--model", ["-a"] = "--alias", ["-md"] = "--model-draft", ["-mm"] = "--mmproj",
    };

    /// <summary>Doors, names, logs, waits; and what is hashed.</summary>
    private static readonly string[] LeftOut =
    [
        "--model", "--alias", "--host", "--port", "--api-key", "--api-key-file", "--path", "--api-prefix", "--ssl-*", "--log-*", "-v", "--verbose", "-lv", "--verbosity", "--slots", "--no-slots",
        "--metrics", "--props", "--ui", "--no-ui", "--webui", "--no-webui", "--threads-http", "-to", "--timeout", "--sse-ping-interval", "--slot-save-path",
        "-hft", "--hf-token", "--model-draft", "--lora", "--lora-scaled", "--mmproj", "--chat-template-file",
    ];

    public static void Describe(FactInputs inputs, FactSheet sheet)
    {
        string? build = inputs.Answer("/props", "build_info");
        sheet.Reported("engine.version", build);
        if (build is null) sheet.Lacks("engine_not_described", "llama-server does not say which build it is (/props). Use a build that does, with the key that it wants (--backend-api-key).");
        sheet.Reported("argument.context", inputs.Answer("/props", "default_generation_settings", "n_ctx"));
        if (inputs.Answer("/props", "chat_template") is { } template) sheet.Reported("chat_template.sha256", Sha256Value.Of(Encoding.UTF8.GetBytes(template)).ToString());
        if (inputs.Launch is not { } launch)
        {
            sheet.Reported("argument.parallel", inputs.Answer("/props", "total_slots"));
            AttachedFacts.Describe(sheet);
            return;
        }
        LaunchArguments.Describe(launch.Arguments, Aliases, LeftOut, abbreviates: false, sheet);
        string factors = string.Join(' ', new EngineArguments(launch.Arguments).All("--lora-scaled").Select(Factor).OfType<string>());
        if (factors.Length > 0) sheet.Measured("argument.lora_scaled", factors);
        VariableFacts.Describe(inputs.Variables, [.. VariableFacts.OfGpuEngines, .. VariableFacts.OfLlamaCpp], sheet);
        int? layers = new EngineArguments(launch.Arguments).Number("-ngl", "--gpu-layers", "--n-gpu-layers");
        if (layers != 0) GpuFacts.Describe(inputs.Machine, inputs.Variables, sheet);
        if (layers is not >= AllLayers) DescribeProcessor(inputs.Machine.CpuFlags, sheet);
    }

    /// <summary>What an adapter is multiplied by: a word of its own, or behind the colon of the file's.</summary>
    private static string? Factor(string word) =>
        word[(word.LastIndexOf(':') + 1)..] is var end && double.TryParse(end, CultureInfo.InvariantCulture, out _) ? end : null;

    /// <summary>Which instructions there are decides in which order sums are made.</summary>
    private static void DescribeProcessor(IReadOnlyList<string> flags, FactSheet sheet)
    {
        if (flags.Count > 0) sheet.Measured("cpu.flags.sha256", Sha256Value.Of(Encoding.UTF8.GetBytes(string.Join('\n', flags))).ToString());
        else sheet.Lacks("cpu_not_measured", "Which instructions the processor has is not known (/proc/cpuinfo). Use a system that tells.");
    }
}
