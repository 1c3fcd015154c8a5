namespace DeterministicInference.Receipts.Models;

/// <summary>How far the hashing of a model is.</summary>
/// <param name="BytesRead">Of all files.</param>
/// <param name="BytesTotal">Of all files that are read, as far as it is known; those whose hash was known before are not.</param>
public readonly record struct ModelDigestProgress(long BytesRead, long BytesTotal);
