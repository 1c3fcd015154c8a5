using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends.Facts;

/// <summary>Hugging Face's cache of models on this machine, as its library lays it out: <c>models--org--name/snapshots/commit</c>.</summary>
/// <param name="folder">The cache.</param>
internal sealed class HubCache(string folder)
{
    private const int CommitDigits = 40;

    /// <param name="variables">Those of the engine.</param>
    /// <param name="downloads">The engine's own folder for downloads, where it was given one.</param>
    public static HubCache Of(IReadOnlyDictionary<string, string> variables, string? downloads)
    {
        return new HubCache(downloads is { Length: > 0 } ? downloads
            : Given("HF_HUB_CACHE") ?? Given("HUGGINGFACE_HUB_CACHE")
            ?? Path.Combine(Given("HF_HOME") ?? Path.Combine(Given("XDG_CACHE_HOME") ?? Path.Combine(Home(), ".cache"), "huggingface"), "hub"));

        string? Given(string name) => variables.GetValueOrDefault(name) is { Length: > 0 } value ? InHome(value) : null;
        string Home() => variables.GetValueOrDefault("HOME") is { Length: > 0 } home ? home : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string InHome(string path) => path.StartsWith("~/", StringComparison.Ordinal) ? Path.Combine(Home(), path[2..]) : path;
    }

    /// <summary>The files of a part, where they are on this machine.</summary>
    /// <returns>A path, and the commit where it is the cache's; null where there is none.</returns>
    public (string Path, string? Commit)? Find(ModelPart part)
    {
        if (Path.Exists(part.Reference)) return (part.Reference, null);
        if (part.Reference.Split('/') is not { Length: 1 or 2 } names || names.Any(name => name.Length == 0 || name[0] is '.' or '~')) return null;
        string model = Path.Combine(folder, "models--" + string.Join("--", names));
        try
        {
            if ((part.Revision is { } given && IsCommit(given) ? given : ReadReference(model, part.Revision ?? "main")) is not { } commit) return null;
            string snapshot = Path.Combine(model, "snapshots", commit);
            return Directory.Exists(snapshot) ? (snapshot, commit) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? ReadReference(string model, string revision)
    {
        // A branch may have slashes, and is a path below refs; nothing above it is.
        if (revision.Split('/').Any(name => name is "" or "." or "..")) return null;
        string file = Path.Combine(model, "refs", revision);
        return File.Exists(file) && new FileInfo(file).Length <= 2 * CommitDigits && File.ReadAllText(file).Trim() is var commit && IsCommit(commit) ? commit : null;
    }

    private static bool IsCommit(string text) => text.Length == CommitDigits && text.All(char.IsAsciiHexDigitLower);
}
