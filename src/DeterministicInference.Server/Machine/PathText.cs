using System.Text.RegularExpressions;

namespace DeterministicInference.Server.Machine;

/// <summary>Recognises paths and addresses, which differ between equal engines and are therefore no facts.</summary>
internal static partial class PathText
{
    /// <summary>Whether a value is a path or an address for certain, or has an address in it.</summary>
    public static bool LooksLikePathOrUrl(string value) =>
        BeginsAsPath(value) || value.Contains("://", StringComparison.Ordinal);

    /// <summary>Whether a text is a path or an address as a whole. It may speak of addresses.</summary>
    public static bool IsPathOrUrl(string text) => BeginsAsPath(text) || Url().IsMatch(text);

    private static bool BeginsAsPath(string value) =>
        value.StartsWith('/')
        || value.StartsWith("./", StringComparison.Ordinal)
        || value.StartsWith("../", StringComparison.Ordinal)
        || value.StartsWith('~')
        || Path.IsPathRooted(value);

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9+.-]*://\S+$")]
    private static partial Regex Url();
}
