using DeterministicInference.Server.Admission;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends;

/// <summary>The key that the engine wants, from <c>--backend-api-key</c> or <c>--backend-api-key-file</c>.</summary>
/// <param name="Key">The key; null where there is none, or none that can be used.</param>
/// <param name="Complaint">The setting that can't be used, and why: continues the sentence "'value' …" and holds no key.</param>
internal sealed record BackendKey(string? Key, (string Setting, string Text)? Complaint = null)
{
    /// <summary>Whether every user of this machine can read the file.</summary>
    public bool IsOpen { get; private init; }

    /// <summary>Reads the file, where there is one.</summary>
    public static BackendKey Read(InferenceOptions options)
    {
        if (options.BackendApiKeyFile is { } path) return options.BackendApiKey is null ? ReadFile(path) : Bad(nameof(options.BackendApiKeyFile), "is given beside --backend-api-key. Give one of the two.");
        if (options.BackendApiKey is not { } key || ApiKey.IsWord(key)) return new BackendKey(options.BackendApiKey);
        return Bad(nameof(options.BackendApiKey), "has a space, a control or a non-ASCII character. Give a key of visible ASCII characters.");
    }

    private static BackendKey ReadFile(string path)
    {
        const string setting = nameof(InferenceOptions.BackendApiKeyFile);
        try
        {
            if (Directory.Exists(path)) return Bad(setting, "is a folder. Give the path of a file with the key.");
            string? key = File.ReadLines(path).Select(line => line.Trim()).FirstOrDefault(line => line.Length > 0 && line[0] != '#');
            if (key is null) return Bad(setting, "has no key. Write it on a line of its own.");
            bool isOpen = !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & UnixFileMode.OtherRead) != 0;
            return ApiKey.IsWord(key) ? new BackendKey(key) { IsOpen = isOpen } : Bad(setting, "has a space, a control or a non-ASCII character in its key. Write the key alone, in visible ASCII characters.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return Bad(setting, "does not exist. Create it with the key on a line of its own, or give another path.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Bad(setting, "can't be read. Give the user that runs the server the right to read it.");
        }
    }

    private static BackendKey Bad(string setting, string text) => new(null, (setting, text));
}
