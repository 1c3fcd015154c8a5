using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Engines.LlamaCpp;

/// <summary>
/// The arguments of llama-server, with the variables that stand for arguments (<c>LLAMA_ARG_…</c>, of which an
/// argument that is given wins: llama.cpp b11434, common/arg.cpp). Variables for what the launch sets are overridden
/// by it, and those of llama-server's router are taken out of its environment.
/// </summary>
internal static class LlamaCppArguments
{
    private const string Prefix = "LLAMA_ARG_";

    /// <summary>Variables with a value, by their flags.</summary>
    private static readonly (string Variable, string Flag)[] Values =
    [
        ("CACHE_REUSE", "--cache-reuse"),
        ("SPEC_TYPE", "--spec-type"),
        ("SPEC_DRAFT_MODEL", "--model-draft"),
        ("MODEL_DRAFT", "--model-draft"),
        ("SPEC_DRAFT_HF_REPO", "--hf-repo-draft"),
        ("HFD_REPO", "--hf-repo-draft"),
        ("RPC", "--rpc"),
        ("MMPROJ", "--mmproj"),
        ("CHAT_TEMPLATE", "--chat-template"),
        ("CHAT_TEMPLATE_FILE", "--chat-template-file"),
    ];

    /// <summary>Variables that are switches.</summary>
    private static readonly (string Variable, string Flag)[] Switches =
    [
        ("CONTEXT_SHIFT", "context-shift"),
        ("BACKEND_SAMPLING", "backend-sampling"),
    ];

    private static readonly string[] True = ["1", "true", "on", "enabled"];

    /// <summary>Variables of files that are hashed as parts of the model.</summary>
    public static readonly string[] FileVariables =
    [
        Prefix + "SPEC_DRAFT_MODEL",
        Prefix + "MODEL_DRAFT",
        Prefix + "MMPROJ",
        Prefix + "CHAT_TEMPLATE_FILE",
    ];

    private static bool IsOfSpeculation(string name) =>
        name.StartsWith(Prefix + "SPEC_", StringComparison.Ordinal)
        && !Values.Any(value => Prefix + value.Variable == name);

    /// <summary>What llama-server goes by: variables first, then the arguments, of which the last counts.</summary>
    /// <param name="options">The user's arguments.</param>
    /// <param name="variables">The engine's variables.</param>
    public static EngineCommandLine Of(ServeOptions options, IReadOnlyDictionary<string, string> variables)
    {
        var words = new List<string>();
        foreach ((string variable, string flag) in Values)
        {
            if (variables.GetValueOrDefault(Prefix + variable) is { Length: > 0 } value)
                words.AddRange([flag, value]);
        }
        // Of those for speculation each counts, known or not.
        foreach ((string name, string value) in variables.Where(variable => IsOfSpeculation(variable.Key)))
            words.AddRange(["--" + name[Prefix.Length..].ToLowerInvariant().Replace('_', '-'), value]);
        foreach ((string variable, string flag) in Switches)
        {
            // The variable with NO_ is false whatever its value is.
            if (variables.ContainsKey($"{Prefix}NO_{variable}"))
                words.Add($"--no-{flag}");
            else if (variables.GetValueOrDefault(Prefix + variable) is { Length: > 0 } value)
                words.Add(True.Contains(value) ? $"--{flag}" : $"--no-{flag}");
        }
        return new EngineCommandLine([.. words, .. options.BackendArguments], abbreviates: false);
    }
}
