namespace DeterministicInference.Receipts.Log;

/// <summary>A checkpoint, proof or verifier key is malformed.</summary>
/// <param name="what">The complaint as a sentence.</param>
internal sealed class LogFormatException(string what) : Exception(what);
