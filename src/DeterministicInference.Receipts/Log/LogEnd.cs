namespace DeterministicInference.Receipts.Log;

/// <summary>How a log ended.</summary>
/// <param name="Next">Name and key of the log that follows.</param>
/// <param name="IsRevoked">
/// Whether its key counts no longer, but for what its last checkpoint covers (<see cref="LogRevocation"/>).
/// </param>
internal sealed record LogEnd(NoteKey Next, bool IsRevoked);

/// <summary>The log that another one follows, as its last checkpoint has it.</summary>
/// <param name="Key">Its name and key.</param>
/// <param name="Size">Its entries, the closing one included.</param>
/// <param name="Root">The tree hash over them.</param>
internal sealed record LogPredecessor(NoteKey Key, long Size, Sha256Value Root)
{
    /// <summary>Whether a log ended so, and names this one as the next.</summary>
    /// <param name="key">The log's name and key.</param>
    /// <param name="last">The log's last checkpoint.</param>
    public bool Is(NoteKey key, Checkpoint last)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(last);
        return Key.ToString() == key.ToString() && (Size, Root) == (last.Size, last.Root);
    }
}
