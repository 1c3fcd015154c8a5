using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace DeterministicInference.Receipts.Log;

/// <summary>The name of a log: the first line of its checkpoints, fixed for its life.</summary>
internal static class LogOrigin
{
    /// <summary>Most characters of one.</summary>
    public const int MaxLength = 200;

    /// <summary>What the origins of logs begin with that were not given a name.</summary>
    public const string DefaultName = "deterministic-inference.local";

    /// <summary>Most characters of a name.</summary>
    public const int MaxNameLength = MaxLength - 1 - 2 * RandomBytes;

    private const int RandomBytes = 6;

    /// <summary>
    /// Visible ASCII without <c>+</c>: spaces and plus signs separate it from what follows in notes and verifier keys.
    /// </summary>
    public static bool IsValid([NotNullWhen(true)] string? text) =>
        text is { Length: > 0 and <= MaxLength } && text.All(c => c is > ' ' and < (char)0x7F and not '+');

    /// <summary>Whether a log can be given this name: a valid origin that leaves room for the random part.</summary>
    public static bool IsName(string? text) => IsValid(text) && text.Length <= MaxNameLength;

    /// <summary>
    /// The origin of a new log: the name, a slash and 12 random digits, so that no two logs have the same one.
    /// </summary>
    public static string Create(string name) =>
        $"{name}/{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes))}";

    /// <summary>Whether an origin is one of this name.</summary>
    public static bool HasName(string origin, string name)
    {
        ArgumentNullException.ThrowIfNull(origin);
        return origin.StartsWith(name + "/", StringComparison.Ordinal) && origin.LastIndexOf('/') == name.Length;
    }
}
