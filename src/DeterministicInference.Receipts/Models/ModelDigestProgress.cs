namespace DeterministicInference.Receipts.Models;

/// <summary>How far the hashing of a model is.</summary>
/// <param name="BytesRead">Of all files.</param>
/// <param name="BytesTotal">Of all files.</param>
public readonly record struct ModelDigestProgress(long BytesRead, long BytesTotal);
