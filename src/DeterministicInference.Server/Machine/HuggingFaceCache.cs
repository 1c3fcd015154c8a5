namespace DeterministicInference.Server.Machine;

/// <summary>
/// Hugging Face's cache of models on this machine: <c>models--org--name/snapshots/commit</c>
/// (https://huggingface.co/docs/huggingface_hub/guides/manage-cache).
/// </summary>
/// <param name="folder">The cache.</param>
internal sealed class HuggingFaceCache(string folder)
{
    private const int CommitDigits = 40;

    /// <param name="variables">Environment variables of the engine.</param>
    /// <param name="downloads">The engine's own folder for downloads, if it has one.</param>
    public static HuggingFaceCache Of(IReadOnlyDictionary<string, string> variables, string? downloads)
    {
        return new HuggingFaceCache(
            downloads is { Length: > 0 }
                ? downloads
                : Given("HF_HUB_CACHE")
                    ?? Given("HUGGINGFACE_HUB_CACHE")
                    ?? Path.Combine(
                        Given("HF_HOME")
                            ?? Path.Combine(Given("XDG_CACHE_HOME") ?? Path.Combine(Home(), ".cache"), "huggingface"),
                        "hub"
                    )
        );

        string? Given(string name) => variables.GetValueOrDefault(name) is { Length: > 0 } value ? InHome(value) : null;
        string Home() =>
            variables.GetValueOrDefault("HOME") is { Length: > 0 } home
                ? home
                : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string InHome(string path) =>
            path.StartsWith("~/", StringComparison.Ordinal) ? Path.Combine(Home(), path[2..]) : path;
    }

    /// <summary>Whether a text is a valid name of a hub model: <c>name</c> or <c>organisation/name</c>.</summary>
    public static bool IsName(string reference) =>
        reference.Split('/') is { Length: 1 or 2 } names
        && names.All(name => name.Length > 0 && name[0] is not ('.' or '~'));

    /// <summary>Finds the files of a part on this machine.</summary>
    /// <returns>The path, and the commit for files of the cache; null if there are none.</returns>
    public (string Path, string? Commit)? Find(ModelPart part)
    {
        if (Path.Exists(part.Reference))
            return (part.Reference, null);
        if (!IsName(part.Reference))
            return null;
        string model = Path.Combine(folder, "models--" + part.Reference.Replace("/", "--", StringComparison.Ordinal));
        try
        {
            if (
                (part.Revision is { } given && IsCommit(given) ? given : ReadReference(model, part.Revision ?? "main"))
                is not { } commit
            )
                return null;
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
        // A branch may have slashes: it is a path below refs, and must not lead out of it.
        if (revision.Split('/').Any(name => name is "" or "." or ".."))
            return null;
        string file = Path.Combine(model, "refs", revision);
        return
            File.Exists(file)
            && new FileInfo(file).Length <= 2 * CommitDigits
            && File.ReadAllText(file).Trim() is var commit
            && IsCommit(commit)
            ? commit
            : null;
    }

    private static bool IsCommit(string text) => text.Length == CommitDigits && text.All(char.IsAsciiHexDigitLower);
}
