namespace DeterministicInference.Server.Configuration;

/// <summary>Derives a model's name from where it lies.</summary>
internal static class ModelNameOf
{
    private const string CachePrefix = "models--",
        Snapshots = "snapshots";

    /// <summary>
    /// The repository's name for a path in the hub's cache, where the last part is a commit
    /// (https://huggingface.co/docs/huggingface_hub/guides/manage-cache); else the last part.
    /// </summary>
    /// <param name="path">A path, or the name of a hub model.</param>
    public static string Location(string path)
    {
        string whole = Path.TrimEndingDirectorySeparator(path);
        // "." and ".." name a folder only with the current one.
        if (Path.GetFileName(whole) is "." or ".." or "")
            whole = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        string[] parts = whole.Split(Path.DirectorySeparatorChar);
        for (int i = parts.Length - 3; i >= 0; i--)
        {
            if (
                parts[i].Length > CachePrefix.Length
                && parts[i].StartsWith(CachePrefix, StringComparison.Ordinal)
                && parts[i + 1] == Snapshots
            )
                return parts[i][CachePrefix.Length..].Replace("--", "/", StringComparison.Ordinal);
        }
        // The root folder has no name.
        return parts[^1] is { Length: > 0 } last ? last : "model";
    }
}
