using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Receipts.Signing;

namespace DeterministicInference.Server.Receipts.Store;

/// <param name="Folder">Folder of key and log.</param>
internal sealed record ReceiptStoreSettings(string Folder)
{
    /// <summary>Name of the log; null keeps the existing name, or derives one from the key.</summary>
    public string? Origin { get; init; }

    /// <summary>The program that signs, and its arguments; none where the key is in the folder.</summary>
    public IReadOnlyList<string> SignerCommand { get; init; } = [];

    public SignerLimits SignerLimits { get; init; } = new();

    /// <summary>For what the program says; null for the store's own.</summary>
    public ILogger? SignerLogger { get; init; }

    /// <summary>The remedy if a server holds the folder, as a sentence.</summary>
    public string IfInUse { get; init; } = ReceiptDirectory.AnotherFolder;

    /// <summary>Age at which receipts are deleted; <see cref="Timeout.InfiniteTimeSpan"/> keeps all.</summary>
    public TimeSpan Retention { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// Time after which a receipt that is not on disk counts as not issued. A commit takes milliseconds on a healthy
    /// disk, and a client should not wait much longer for a finished answer.
    /// </summary>
    public TimeSpan CommitLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Largest number of receipts waiting for a commit: far above the number of requests in flight, at a few kilobytes
    /// each.
    /// </summary>
    public int QueueCapacity { get; init; } = 4096;

    /// <summary>The keys whose receipts are told apart; none where clients need no key.</summary>
    public IReadOnlyList<ApiKey> Clients { get; init; } = [];

    public static ReceiptStoreSettings Of(ServeOptions options, ServeKeys keys) =>
        new(options.DataDir ?? StatePaths.Receipts)
        {
            Origin = options.LogOrigin,
            SignerCommand = options.SignerCommand,
            Retention = options.ReceiptRetention,
            Clients = keys.Clients,
        };
}
