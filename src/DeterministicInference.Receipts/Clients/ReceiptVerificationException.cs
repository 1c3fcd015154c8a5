using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Receipts.Clients;

/// <summary>An answer is not the one that a log of a trusted key has sealed, or nothing shows that it is.</summary>
public sealed class ReceiptVerificationException : Exception
{
    internal ReceiptVerificationException(string problem, VerificationResult? result)
        : base($"The answer is not verified. {problem}") => Result = result;

    /// <summary>
    /// What the checks found; null where there was nothing to check, such as an answer without a receipt.
    /// </summary>
    public VerificationResult? Result { get; }
}
