using DeterministicInference.Receipts.Statements;

namespace DeterministicInference.Receipts.Verification;

/// <summary>What the check of a receipt found.</summary>
/// <param name="Verdict">All in all. Without a replay the best is <see cref="Verdict.Valid"/>.</param>
/// <param name="Checks">Each check, in their order.</param>
/// <param name="Statement">What was signed; null if it could not be read.</param>
/// <param name="KeyPinned">
/// The signature is by a key that the verifier trusted before. If not, anyone may have made the receipt.
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
    /// <summary>The checks that failed.</summary>
    public IEnumerable<CheckResult> Failures => Checks.Where(check => check.Outcome == CheckOutcome.Failed);

    /// <summary>One line for people: the verdict and why.</summary>
    public string Summary
    {
        get
        {
            string text = Verdict switch
            {
                Verdict.Valid => "VALID (not replayed)",
                Verdict.UnknownVersion => "UNKNOWN VERSION: made by a newer version",
                Verdict.Inconclusive when KeyId is null => "INCONCLUSIVE: there is no key to check the signature with",
                Verdict.Inconclusive => "INCONCLUSIVE: the receipt came without its salt, so it cannot be opened",
                Verdict.Tampered => "TAMPERED: " + string.Join("; ", Failures.Select(failure => failure.Detail)),
                Verdict.Incomplete => "INCOMPLETE: the answer broke off",
                _ => Verdict.ToString().ToUpperInvariant(),
            };
            return !KeyPinned && KeyId is { } id ? $"{text}; key not pinned: {id}" : text;
        }
    }
}
