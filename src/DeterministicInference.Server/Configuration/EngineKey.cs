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
                    "is given together with --backend-api-key. Give only " + "one of them."
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
        try
        {
            if (Directory.Exists(path))
                return Bad(setting, "is a folder. Give the path of a file with the key.");
            string? key = File.ReadLines(path)
                .Select(line => line.Trim())
                .FirstOrDefault(line => line.Length > 0 && line[0] != '#');
            if (key is null)
                return Bad(setting, "has no key. Write it on a line of its own.");
            bool isOpen = !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & UnixFileMode.OtherRead) != 0;
            return ApiKey.IsWord(key)
                ? new EngineKey(key)
                {
                    Warnings = isOpen
                        ? [(setting, "is readable by every user of this machine. Restrict it: chmod o-rwx.")]
                        : [],
                }
                : Bad(
                    setting,
                    "has a space, a control or a non-ASCII character in its key. Write the key alone, in visible "
                        + "ASCII characters."
                );
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return Bad(setting, "does not exist. Create it with the key on a line of its own, or give another path.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Bad(setting, "can't be read. Make it readable for the user that runs the server.");
        }
    }

    private static EngineKey Bad(string setting, string text) => new(null, (setting, text));
}
