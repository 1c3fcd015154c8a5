namespace DeterministicInference.Receipts.Verification;

/// <summary>One check and how it went.</summary>
/// <param name="Check">Which.</param>
/// <param name="Outcome">How it went.</param>
/// <param name="Detail">Why it failed or was not made; empty if it passed.</param>
public sealed record CheckResult(ReceiptCheck Check, CheckOutcome Outcome, string Detail);
