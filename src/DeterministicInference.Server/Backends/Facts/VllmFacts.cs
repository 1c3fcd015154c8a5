using System.Text.Json;

namespace DeterministicInference.Server.Backends.Facts;

/// <summary>What vLLM's answers depend on. It does not report its arguments, so that those of the launch count.</summary>
internal static class VllmFacts
{
    private const string Speculation = "--speculative-config";

    private static readonly Dictionary<string, string> Aliases = new(StringComparer.Ordinal)
    {
        ["-tp"] = "--tensor-parallel-size", ["-pp"] = "--pipeline-parallel-size", ["-dp"] = "--data-parallel-size", ["-q"] = "--quantization",
        ["-sc"] = Speculation, ["-cc"] = "--compilation-config", ["-ac"] = "--attention-config", ["-ep"] = "--enable-expert-parallel",
    };

    /// <summary>Doors, names, logs, ends; and what is hashed.</summary>
    private static readonly string[] LeftOut =
    [
        "--host", "--port", "--uds", "--api-key", "--root-path", "--served-model-name", "--shutdown-timeout", "--ssl-*", "--allowed-*", "--allow-credentials", "--log-*",
        "--uvicorn-log-level", "--disable-log-*", "--disable-uvicorn-access-log", "--enable-log-*", "--max-log-len", "--download-dir", "--fingerprint-*",
        "--lora-modules", "--tokenizer", "--revision", Speculation, Speculation + ".model", "--spec-model",
    ];

    public static void Describe(FactInputs inputs, FactSheet sheet)
    {
        string? version = inputs.Answer("/version", "version");
        sheet.Reported("engine.version", version);
        if (version is null) sheet.Lacks("engine_not_described", "vLLM does not say which version it has (/version). Use a build that does.");
        if (inputs.Launch is not { } launch)
        {
            AttachedFacts.Describe(sheet);
            return;
        }
        var given = new EngineArguments(launch.Arguments);
        string[] leftOut = ModelReferences.File(given.Value("--chat-template")) is null ? LeftOut : [.. LeftOut, "--chat-template"];
        LaunchArguments.Describe(launch.Arguments, Aliases, leftOut, abbreviates: true, sheet);
        if (given.Value(Speculation, "-sc") is { } speculation) sheet.Measured("argument.speculative_config", WithoutModel(speculation));
        GpuFacts.Describe(inputs.Machine, inputs.Variables, sheet);
        VariableFacts.Describe(inputs.Variables, VariableFacts.OfGpuEngines, sheet);
        PackageFacts.Describe(inputs, "vllm", sheet);
    }

    /// <summary>The model that the setting of speculative decoding names, which is JSON.</summary>
    public static string? DraftModel(EngineArguments given) =>
        given.Value(Speculation, "-sc") is { } json && Members(json) is { } members ? members.FirstOrDefault(member => member.Name == "model").Text : null;

    private static string WithoutModel(string json) => Members(json) is not { } members ? json
        : string.Join(' ', members.Where(member => member.Name is not ("model" or "tokenizer")).OrderBy(member => member.Name, StringComparer.Ordinal).Select(member => $"{member.Name}={member.Text}"));

    private static List<(string Name, string Text)>? Members(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object ? [.. document.RootElement.EnumerateObject().Select(member => (member.Name, member.Value.ToString()))] : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
