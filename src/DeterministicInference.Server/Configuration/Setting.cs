using System.Text;

namespace DeterministicInference.Server.Configuration;

/// <summary>
/// A row of the table of settings. Its key is the one spelling from which the others follow: <c>BackendPort</c>,
/// <c>--backend-port</c>, <c>INFERENCE_BACKEND_PORT</c>, <c>Inference:BackendPort</c>.
/// </summary>
/// <param name="key">Name of the property of <see cref="InferenceOptions"/>.</param>
/// <param name="meaning">One line for help.</param>
internal abstract class Setting(string key, string meaning)
{
    public const string VariablePrefix = "INFERENCE_";

    public string Key { get; } = key;

    public string Meaning { get; } = meaning;

    public string Flag { get; init; } = "--" + Words(key, '-');

    public string Variable { get; } = VariablePrefix + Words(key, '_').ToUpperInvariant();

    /// <summary>Other spellings of the flag.</summary>
    public IReadOnlyList<string> FlagAliases { get; init; } = [];

    /// <summary>Other spellings of the variable; the setting's own wins over them.</summary>
    public IReadOnlyList<string> VariableAliases { get; init; } = [];

    /// <summary>A flag without value that stands for a value.</summary>
    public (string Flag, string Text)? Shorthand { get; init; }

    public abstract string Placeholder { get; }

    /// <inheritdoc cref="Values.ValueKind{T}.IsSwitch"/>
    public abstract bool IsSwitch { get; }

    /// <inheritdoc cref="Values.ValueKind{T}.IsList"/>
    public abstract bool IsList { get; }

    /// <summary>Reads a text into the options.</summary>
    /// <returns>Null, or the complaint; the options are unchanged then.</returns>
    public abstract string? Apply(string text, ref InferenceOptions options);

    /// <summary>The value in the options as a text that reads the same; null when there is none.</summary>
    public abstract string? Write(InferenceOptions options);

    /// <summary>A text of this setting without what must not be shown.</summary>
    public abstract string Redact(string text);

    private static string Words(string key, char separator)
    {
        var words = new StringBuilder();
        foreach (char c in key)
        {
            if (char.IsUpper(c) && words.Length > 0) words.Append(separator);
            words.Append(char.ToLowerInvariant(c));
        }
        return words.ToString();
    }
}
