namespace DeterministicInference.Receipts.Log;

/// <summary>The name of a log: the first line of its checkpoints, fixed for its life.</summary>
public static class LogOrigin
{
    /// <summary>Most characters of one.</summary>
    public const int MaxLength = 200;

    /// <summary>
    /// Visible ASCII without <c>+</c>: spaces and plus signs separate it from what follows in notes and verifier keys.
    /// </summary>
    public static bool IsValid(string? text) =>
        text is { Length: > 0 and <= MaxLength } && text.All(c => c is > ' ' and < (char)0x7F and not '+');

    /// <summary>
    /// The origin of a log that was not given one: <c>deterministic-inference.local/</c> and 8 digits of the key's id.
    /// </summary>
    public static string Default(Sha256Value keyId) => "deterministic-inference.local/" + keyId.ToString()[..8];
}
