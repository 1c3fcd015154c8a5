namespace DeterministicInference.Server.Backends.Facts;

/// <summary>Tells places from values: where a file is differs between equal engines, and is no fact.</summary>
internal static class PathText
{
    /// <summary>Whether it is surely a place on a disk or in a network.</summary>
    public static bool IsPlace(string value) =>
        value.StartsWith('/') || value.StartsWith("./", StringComparison.Ordinal) || value.StartsWith("../", StringComparison.Ordinal) || value.StartsWith('~')
        || value.Contains("://", StringComparison.Ordinal) || Path.IsPathRooted(value);
}
