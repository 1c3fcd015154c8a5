using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Server.Verification;

/// <summary>The result of <c>verify</c>.</summary>
/// <param name="Verdict">The overall verdict.</param>
/// <param name="Reason">The reason in a few words; empty where the verdict says all.</param>
internal sealed record VerificationReport(Verdict Verdict, string Reason)
{
    /// <summary>The checks of the receipt, in order.</summary>
    public IReadOnlyList<CheckResult> Checks { get; init; } = [];

    /// <summary>The signed statement; null if it could not be read.</summary>
    public ReceiptStatement? Statement { get; init; }

    /// <summary>The key that checked the signature; null for none.</summary>
    public Sha256Value? KeyId { get; init; }

    /// <summary>Whether the verifier named the key.</summary>
    public bool KeyPinned { get; init; }

    /// <summary>Which witnesses of the policy have cosigned, and when.</summary>
    public IReadOnlyList<WitnessCosignature> Cosignatures { get; init; } = [];

    /// <summary>Members of the answer itself that no receipt binds, besides the usual ones.</summary>
    public IReadOnlyList<string> Unbound { get; init; } = [];

    /// <summary>What the server changed in the request.</summary>
    public IReadOnlyList<PinnedMember> Pins { get; init; } = [];

    /// <summary>The result of replays; null if there were none.</summary>
    public ReplayReport? Replay { get; init; }

    /// <summary>The verdict's name in reports.</summary>
    public string Name => VerdictName.Of(Verdict);

    public int ExitCode => VerdictExitCode.Of(Verdict);

    /// <summary>The report of a receipt that was checked but not replayed.</summary>
    public static VerificationReport Of(VerificationResult result) =>
        new(result.Verdict, ReasonOf(result))
        {
            Checks = result.Checks,
            Statement = result.Statement,
            KeyId = result.KeyId,
            KeyPinned = result.KeyPinned,
            Cosignatures = result.Cosignatures,
            Pins = result.Pins,
            Unbound = result.Unbound,
        };

    private static string ReasonOf(VerificationResult result) =>
        result.Verdict switch
        {
            Verdict.Untrusted => $"{result.Reason}. Give the operator's public key with --key",
            _ => result.Reason,
        };
}
