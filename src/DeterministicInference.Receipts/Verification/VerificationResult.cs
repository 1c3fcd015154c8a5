using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Statements;

namespace DeterministicInference.Receipts.Verification;

/// <summary>What the check of a receipt found.</summary>
/// <param name="Verdict">All in all. Without a replay the best is <see cref="Verdict.Valid"/>.</param>
/// <param name="Checks">Each check, in their order.</param>
/// <param name="Statement">What was sealed; null if it could not be read.</param>
/// <param name="KeyPinned">
/// The checkpoint is signed by a key that the verifier trusted before. If not, anyone may have made the receipt.
/// </param>
/// <param name="KeyId">The key that was used; null if there was none.</param>
public sealed record VerificationResult(
    Verdict Verdict,
    IReadOnlyList<CheckResult> Checks,
    ReceiptStatement? Statement,
    bool KeyPinned,
    Sha256Value? KeyId
)
{
    /// <summary>The checkpoint that seals the statement; null if the proof can't be read.</summary>
    public Checkpoint? Checkpoint { get; init; }

    /// <summary>The statement's place in the log, by the proof; null likewise.</summary>
    public long? Index { get; init; }

    /// <summary>Why nothing is shown, where <see cref="Verdict"/> is inconclusive in spite of a key.</summary>
    public string? Doubt { get; init; }

    /// <summary>
    /// What of an answer no receipt binds, in the words of reports: any of it may have been changed on the way.
    /// </summary>
    public static IReadOnlyList<string> NotBound { get; } =
    [
        "id",
        "object",
        "created",
        "system_fingerprint",
        "service_tier",
        "timings",
        "obfuscation",
        "environment",
        "details of usage",
        "ids of tool calls",
        "bytes and offsets of log-probabilities",
        "where an event of a stream begins and when it came",
    ];

    /// <summary>Further ones that this answer has, by their names.</summary>
    public IReadOnlyList<string> Unbound { get; init; } = [];

    /// <summary>What the server changed in the request; empty where the statement could not be read.</summary>
    public IReadOnlyList<PinnedMember> Pins { get; init; } = [];

    /// <summary>Which witnesses of the policy have cosigned, and when; empty without a policy.</summary>
    public IReadOnlyList<WitnessCosignature> Cosignatures { get; init; } = [];

    /// <summary>What is not met.</summary>
    public IEnumerable<CheckResult> Unmet => Checks.Where(check => check.Outcome == CheckOutcome.NotMet);

    /// <summary>The checks that failed.</summary>
    public IEnumerable<CheckResult> Failures => Checks.Where(check => check.Outcome == CheckOutcome.Failed);

    /// <summary>One line for people: the verdict and why.</summary>
    public string Summary
    {
        get
        {
            string name = VerdictName.Of(Verdict),
                text = Verdict == Verdict.Valid ? $"{name} ({Reason})" : $"{name}: {Reason}";
            return !KeyPinned && KeyId is { } id ? $"{text}; key not pinned: {id}" : text;
        }
    }

    /// <summary>Why it is this verdict, in a few words.</summary>
    public string Reason =>
        Verdict switch
        {
            Verdict.Valid => "not replayed",
            Verdict.UnknownVersion => "made by another version",
            Verdict.Inconclusive => Doubt ?? "",
            Verdict.Tampered => string.Join("; ", Failures.Select(failure => failure.Detail)),
            Verdict.Incomplete => "the answer broke off",
            Verdict.Policy => string.Join(
                "; ",
                Unmet
                    .Where(check => check.Check is ReceiptCheck.Witnesses or ReceiptCheck.Validity)
                    .Select(check => check.Detail)
            ),
            Verdict.OtherKey => Unmet.First(check => check.Check == ReceiptCheck.Signature).Detail,
            Verdict.Signed when IsPassed(ReceiptCheck.Request) =>
                "the request is the sealed one, and no answer was given to compare",
            Verdict.Signed when IsPassed(ReceiptCheck.Output) =>
                "the answer is the sealed one, and no request was given to compare",
            Verdict.Signed => "neither request nor answer was given to compare",
            Verdict.Untrusted when KeyId is null => "there is no key to check the log with",
            Verdict.Untrusted => "anyone can make a receipt, and no key was given that is trusted",
            _ => "",
        };

    private bool IsPassed(ReceiptCheck which) =>
        Checks.Any(check => check.Check == which && check.Outcome == CheckOutcome.Passed);
}
