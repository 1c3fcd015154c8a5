using System.Globalization;
using DeterministicInference.Receipts.Models;

namespace DeterministicInference.Server.Assessment;

/// <summary>Progress of hashing as text: <c>12.3 of 60.1 GB</c>.</summary>
internal sealed class HashingProgress : IProgress<ModelDigestProgress>
{
    private const double Gigabyte = 1e9;

    private long _read,
        _total;

    public void Report(ModelDigestProgress value)
    {
        // Reports of several threads may arrive out of order.
        for (long seen = Interlocked.Read(ref _read); value.BytesRead > seen; seen = Interlocked.Read(ref _read))
        {
            if (Interlocked.CompareExchange(ref _read, value.BytesRead, seen) == seen)
                break;
        }
        Interlocked.Exchange(ref _total, value.BytesTotal);
    }

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Interlocked.Read(ref _read) / Gigabyte:F1} of {Interlocked.Read(ref _total) / Gigabyte:F1} GB"
        );
}
