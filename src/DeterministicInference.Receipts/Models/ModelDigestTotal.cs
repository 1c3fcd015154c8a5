namespace DeterministicInference.Receipts.Models;

/// <summary>The sum over all files that are being read.</summary>
internal sealed class ModelDigestTotal(long total, IProgress<ModelDigestProgress>? progress)
{
    private long total = total, read;

    public void Add(int bytes)
    {
        long sum = Interlocked.Add(ref read, bytes);
        progress?.Report(new ModelDigestProgress(sum, Interlocked.Read(ref total)));
    }

    /// <summary>A file need not be read.</summary>
    public void Spare(long bytes) => Interlocked.Add(ref total, -bytes);
}
