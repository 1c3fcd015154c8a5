using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Server.Verification;

/// <summary>What <c>verify</c> found.</summary>
/// <param name="Verdict">All in all.</param>
/// <param name="Reason">In a few words; empty where the verdict says all.</param>
internal sealed record VerificationReport(Verdict Verdict, string Reason)
{
    /// <summary>The checks of the receipt, in their order.</summary>
    public IReadOnlyList<CheckResult> Checks { get; init; } = [];

    /// <summary>What was signed; null if it could not be read.</summary>
    public ReceiptStatement? Statement { get; init; }

    /// <summary>The key that the signature was checked with; null for none.</summary>
    public Sha256Value? KeyId { get; init; }

    /// <summary>Whether the verifier named the key himself.</summary>
    public bool KeyPinned { get; init; }

    /// <summary>Null if nothing was replayed.</summary>
    public ReplayReport? Replay { get; init; }

    /// <summary>The verdict as people and programs read it.</summary>
    public string Name => Verdict == Verdict.UnknownVersion ? "UNKNOWN VERSION" : Verdict.ToString().ToUpperInvariant();

    public int ExitCode => VerdictExitCode.Of(Verdict);

    /// <summary>Of a receipt that was checked but not replayed.</summary>
    public static VerificationReport Of(VerificationResult result) => new(result.Verdict, ReasonOf(result))
    {
        Checks = result.Checks,
        Statement = result.Statement,
        KeyId = result.KeyId,
        KeyPinned = result.KeyPinned,
    };

    /// <summary>The same after one more check has failed.</summary>
    public VerificationReport WithFailure(ReceiptCheck check, string detail) => this with
    {
        Verdict = Verdict.Tampered,
        Reason = detail,
        Checks = [.. Checks.Select(result => result.Check == check ? new CheckResult(check, CheckOutcome.Failed, detail) : result)],
    };

    private static string ReasonOf(VerificationResult result) => result.Verdict switch
    {
        Verdict.Valid => "not replayed",
        Verdict.UnknownVersion => "made by a newer version",
        Verdict.Incomplete => "the answer broke off",
        Verdict.Tampered => string.Join("; ", result.Failures.Select(failure => failure.Detail)),
        Verdict.Inconclusive when result.KeyId is null => "there is no key to check the signature with",
        Verdict.Inconclusive => "the receipt came without its salt, so it cannot be opened",
        _ => "",
    };
}
