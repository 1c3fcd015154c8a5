namespace DeterministicInference.Server.Machine;

/// <summary>Recognises paths and addresses, which differ between equal engines and are therefore no facts.</summary>
internal static class PathText
{
    /// <summary>Whether a value is a path or an address for certain.</summary>
    public static bool LooksLikePathOrUrl(string value) =>
        value.StartsWith('/')
        || value.StartsWith("./", StringComparison.Ordinal)
        || value.StartsWith("../", StringComparison.Ordinal)
        || value.StartsWith('~')
        || value.Contains("://", StringComparison.Ordinal)
        || Path.IsPathRooted(value);
}
