using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Receipts;

/// <param name="Folder">Where key and log lie.</param>
internal sealed record ReceiptStoreSettings(string Folder)
{
    /// <summary>Name of the log; null takes the one that it has, or derives it from the key.</summary>
    public string? Origin { get; init; }

    /// <summary>Older receipts are deleted; <see cref="Timeout.InfiniteTimeSpan"/> keeps all.</summary>
    public TimeSpan Retention { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// A receipt that is not on disk after so long counts as not issued. A commit takes milliseconds on a healthy disk; a client should not
    /// wait for a finished answer much longer than people wait for a page.
    /// </summary>
    public TimeSpan CommitLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Receipts that may wait for a commit: far more than requests are in flight, and at a few kilobytes each no burden.</summary>
    public int QueueCapacity { get; init; } = 4096;

    public static ReceiptStoreSettings Of(InferenceOptions options) =>
        new(options.DataDir ?? StateHome.Receipts) { Origin = options.LogOrigin, Retention = options.ReceiptRetention };
}
