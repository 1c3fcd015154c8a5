namespace DeterministicInference.Receipts.Models;

/// <summary>The sum over all files that are being read.</summary>
internal sealed class ModelDigestTotal(long total, IProgress<ModelDigestProgress>? progress)
{
    private long read;

    public void Add(int bytes)
    {
        long sum = Interlocked.Add(ref read, bytes);
        progress?.Report(new ModelDigestProgress(sum, total));
    }
}
