namespace DeterministicInference.Receipts.Verification;

/// <summary>
/// What was given to verify can't be used, so that nothing can be said of it: the message names it, and what to give
/// instead.
/// </summary>
public sealed class EvidenceException : Exception
{
    /// <param name="message">What can't be used, and the remedy. Control characters are escaped.</param>
    public EvidenceException(string message)
        : base(OneLine.Of(message)) { }
}
