namespace DeterministicInference.Receipts.Verification;

/// <summary>How long a trusted key is good.</summary>
/// <param name="LastSize">
/// Entries of the last checkpoint of its log that counts; null for any. It says when a log was given up. Whoever has
/// the key can sign a smaller one too: against a stolen key a revocation helps, or a time.
/// </param>
/// <param name="LastTime">
/// The time up to which a quorum of witnesses must have cosigned the checkpoint; null for any. Only witnesses know a
/// time that the key's holder can't choose.
/// </param>
internal sealed record KeyLimit(long? LastSize, DateTimeOffset? LastTime)
{
    /// <summary>What holds where all of several hold; null for no limit.</summary>
    public static KeyLimit? Strictest(IEnumerable<KeyLimit?> limits)
    {
        KeyLimit[] all = [.. limits.OfType<KeyLimit>()];
        return all.Length == 0
            ? null
            : new KeyLimit(all.Min(limit => limit.LastSize), all.Min(limit => limit.LastTime));
    }
}
