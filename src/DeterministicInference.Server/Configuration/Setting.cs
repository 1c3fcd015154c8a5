using System.Text;

namespace DeterministicInference.Server.Configuration;

/// <summary>
/// A row of the table of settings. All spellings follow from its key: <c>BackendPort</c>, <c>--backend-port</c>,
/// <c>INFERENCE_BACKEND_PORT</c>, <c>Inference:BackendPort</c>.
/// </summary>
/// <param name="key">Name of the property of <see cref="ServeOptions"/>.</param>
/// <param name="meaning">Description in help, one line.</param>
internal abstract class Setting(string key, string meaning)
{
    public const string VariablePrefix = "INFERENCE_";

    public string Key { get; } = key;

    public string Meaning { get; } = meaning;

    /// <summary>Text after the description in help that depends on the known engine kinds.</summary>
    public Func<IReadOnlyList<EngineChoice>, string>? Engines { get; init; }

    public string Flag { get; init; } = "--" + Words(key, '-');

    public string Variable { get; } = VariablePrefix + Words(key, '_').ToUpperInvariant();

    /// <summary>Aliases of the flag.</summary>
    public IReadOnlyList<string> FlagAliases { get; init; } = [];

    /// <summary>Aliases of the variable; the setting's own variable overrides them.</summary>
    public IReadOnlyList<string> VariableAliases { get; init; } = [];

    /// <summary>A flag without a value that stands for a value of this setting.</summary>
    public (string Flag, string Text)? Shorthand { get; init; }

    /// <summary>Its meaning in a few words, if it is one of the settings that help shows first; else null.</summary>
    public string? Brief { get; init; }

    /// <summary>What applies where the setting has no value, if that is known before the start.</summary>
    public Func<string>? Unset { get; init; }

    public abstract string Placeholder { get; }

    /// <summary>The values, if they are few and fixed, for completion in a shell.</summary>
    public abstract IReadOnlyList<string> Choices { get; }

    /// <inheritdoc cref="Values.ValueKind{T}.IsSwitch"/>
    public abstract bool IsSwitch { get; }

    /// <inheritdoc cref="Values.ValueKind{T}.IsList"/>
    public abstract bool IsList { get; }

    /// <summary>Reads a text into the options.</summary>
    /// <returns>Null, or the complaint, in which case the options are unchanged.</returns>
    public abstract string? Apply(string text, ref ServeOptions options);

    /// <summary>The value as text that reads back to the same value; null if there is none.</summary>
    public abstract string? Write(ServeOptions options);

    /// <summary>A text of this setting with secrets removed.</summary>
    public abstract string Redact(string text);

    private static string Words(string key, char separator)
    {
        var words = new StringBuilder();
        foreach (char c in key)
        {
            if (char.IsUpper(c) && words.Length > 0)
                words.Append(separator);
            words.Append(char.ToLowerInvariant(c));
        }
        return words.ToString();
    }
}
