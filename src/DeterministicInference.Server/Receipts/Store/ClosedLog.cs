using DeterministicInference.Receipts.Log;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>A log that has ended. Its receipts are still found and proved.</summary>
/// <param name="Archive">Its receipts.</param>
/// <param name="State">Its last state.</param>
/// <param name="Revocation">The signed <see cref="LogRevocation"/> of its key; null if the key is valid.</param>
internal sealed record ClosedLog(LogArchive Archive, LogState State, string? Revocation)
{
    /// <exception cref="InvalidDataException">The state is not the log's.</exception>
    /// <exception cref="ReceiptStoreException">The revocation is missing, or another one.</exception>
    public static ClosedLog Of(LogArchive archive)
    {
        LogState state = archive.ReadState();
        return new ClosedLog(archive, state, archive.Revocation.Read(state)?.ToString());
    }
}
