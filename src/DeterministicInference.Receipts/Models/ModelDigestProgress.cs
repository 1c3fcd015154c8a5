namespace DeterministicInference.Receipts.Models;

/// <summary>How far the hashing of a model is.</summary>
/// <param name="BytesRead">Of all files.</param>
/// <param name="BytesTotal">
/// Of all files that are read, as far as it is known; those whose hash was known before are not.
/// </param>
internal readonly record struct ModelDigestProgress(long BytesRead, long BytesTotal);

/// <summary>The sum over all files that are being read.</summary>
internal sealed class ModelDigestTotal(long total, IProgress<ModelDigestProgress>? progress)
{
    private long _total = total,
        _read;

    public void Add(int bytes)
    {
        long sum = Interlocked.Add(ref _read, bytes);
        progress?.Report(new ModelDigestProgress(sum, Interlocked.Read(ref _total)));
    }

    /// <summary>A file need not be read.</summary>
    public void Spare(long bytes) => Interlocked.Add(ref _total, -bytes);
}
