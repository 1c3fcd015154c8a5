namespace DeterministicInference.Receipts.Verification;

/// <summary>What replays show.</summary>
/// <param name="Verdict">The verdict.</param>
/// <param name="Difference">Where the first replay differs from the receipt; null if it does not.</param>
/// <param name="Reason">In a few words.</param>
public sealed record ReplayVerdict(Verdict Verdict, ReplayDifference? Difference, string Reason);
