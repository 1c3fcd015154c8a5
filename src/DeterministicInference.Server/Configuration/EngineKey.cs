namespace DeterministicInference.Server.Configuration;

/// <summary>The key that the engine requires, from <c>--backend-api-key</c> or <c>--backend-api-key-file</c>.</summary>
/// <param name="Key">The key; null where there is no usable one.</param>
/// <param name="Complaint">
/// The problem: a setting, and a complaint that continues the sentence "'value' …" and contains no key.
/// </param>
internal sealed record EngineKey(string? Key, (string Setting, string Text)? Complaint = null)
{
    /// <summary>Warnings about a usable setting, in the same form.</summary>
    public IReadOnlyList<(string Setting, string Complaint)> Warnings { get; private init; } = [];

    /// <summary>Reads the key, from the file where one is set.</summary>
    public static EngineKey Read(ServeOptions options)
    {
        if (options.BackendApiKeyFile is { } path)
            return options.BackendApiKey is null
                ? ReadFile(path)
                : Bad(
                    nameof(options.BackendApiKeyFile),
                    "is given together with --backend-api-key. Give only one of them."
                );
        if (options.BackendApiKey is not { } key || ApiKey.IsWord(key))
            return new EngineKey(options.BackendApiKey);
        return Bad(
            nameof(options.BackendApiKey),
            "has a space, a control or a non-ASCII character. Give a key of visible ASCII characters."
        );
    }

    private static EngineKey ReadFile(string path)
    {
        const string setting = nameof(ServeOptions.BackendApiKeyFile);
        var file = KeyFile.Read(path, "the key on a line of its own");
        if (file.Lines is not { } lines)
            return Bad(setting, file.Complaint!);
        string? key = lines.Select(line => line.Trim()).FirstOrDefault(line => line.Length > 0 && line[0] != '#');
        if (key is null)
            return Bad(setting, "has no key. Write it on a line of its own.");
        return ApiKey.IsWord(key)
            ? new EngineKey(key) { Warnings = file.Warning is { } warning ? [(setting, warning)] : [] }
            : Bad(
                setting,
                "has a space, a control or a non-ASCII character in its key. Write the key alone, in visible "
                    + "ASCII characters."
            );
    }

    private static EngineKey Bad(string setting, string text) => new(null, (setting, text));
}
