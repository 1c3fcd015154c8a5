namespace DeterministicInference.Receipts.Statements;

/// <summary>A measurement of an environment's repeatability.</summary>
/// <param name="Verdict">Its result in a word.</param>
/// <param name="Trials">How many answers were compared.</param>
/// <param name="At">When it ended, to the second.</param>
public sealed record ProbeRecord(string Verdict, long Trials, DateTimeOffset At);
