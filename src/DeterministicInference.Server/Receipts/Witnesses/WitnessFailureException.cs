namespace DeterministicInference.Server.Receipts.Witnesses;

/// <summary>A witness gave no cosignature that counts.</summary>
/// <param name="why">A clause whose subject is the witness.</param>
internal sealed class WitnessFailureException(string why) : Exception(why)
{
    /// <summary>
    /// Whether it has cosigned a newer checkpoint of this log, so that it will never cosign this one.
    /// </summary>
    public bool IsOvertaken { get; init; }

    /// <summary>
    /// The message without what changes from one such failure to the next: sizes, and the witness's words.
    /// </summary>
    public string Kind { get; init; } = why;
}
