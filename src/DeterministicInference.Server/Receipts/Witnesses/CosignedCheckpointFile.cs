using System.Text;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.Native;
using DeterministicInference.Server.Receipts.Store;

namespace DeterministicInference.Server.Receipts.Witnesses;

/// <summary>
/// The newest checkpoint with a quorum, beside the log's own: what was shown to clients and monitors is shown again
/// after a restart, and a log that was set back is found by it.
/// </summary>
/// <param name="log">The log.</param>
internal sealed class CosignedCheckpointFile(OwnLog log)
{
    private readonly string _path = log.Folder.CosignedCheckpointFile;

    /// <summary>The stored checkpoint; null if there is none, or none that meets the policy.</summary>
    /// <exception cref="ReceiptStoreException">The file does not fit the log.</exception>
    public async Task<CosignedCheckpoint?> ReadAsync(WitnessPolicy policy)
    {
        if (!Path.Exists(_path))
            return null;
        try
        {
            string text = await File.ReadAllTextAsync(_path);
            Checkpoint checkpoint = Checkpoint.Verify(text, log.Key);
            if (await FindProblemAsync(checkpoint) is { } problem)
                throw Wrong(problem);
            // The policy may be another one than that of the quorum.
            SignedNote note = SignedNote
                .Parse(text)
                .Only(signature => IsOf(log.Key, signature) || policy.Witnesses.Any(one => IsOf(one, signature)));
            return policy.Evaluate(note).HasQuorum ? new CosignedCheckpoint(note, checkpoint) : null;
        }
        catch (LogFormatException e)
        {
            throw Wrong($"is damaged: {e.Message.TrimEnd('.')}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && e is not ReceiptStoreException)
        {
            throw Wrong($"can't be read: {e.Message.TrimEnd('.')}");
        }
    }

    /// <summary>Replaces the file atomically.</summary>
    /// <exception cref="Exception">A failure in the sense of <see cref="WriteFailure.Is"/>.</exception>
    public void Write(CosignedCheckpoint checkpoint) =>
        AtomicFile.Replace(_path, Encoding.UTF8.GetBytes(checkpoint.Text));

    private static bool IsOf(NoteKey key, NoteSignature signature) =>
        (key.Name, key.Id) == (signature.Name, signature.KeyId);

    private static bool IsOf(PolicyWitness witness, NoteSignature signature) =>
        (witness.Key.Name, witness.Key.Id) == (signature.Name, signature.KeyId);

    private async Task<string?> FindProblemAsync(Checkpoint cosigned)
    {
        long size = Checkpoint.Parse(log.Checkpoint.Text).Size;
        if (cosigned.Size > size)
        {
            return $"covers {cosigned.Size} entries, which witnesses have cosigned, and the log has {size}: the log "
                + "was set back";
        }
        return await log.RootAsync(cosigned.Size, CancellationToken.None) == cosigned.Root
            ? null
            : $"and the log differ in their first {cosigned.Size} entries";
    }

    private ReceiptStoreException Wrong(string what) =>
        new(
            $"--data-dir: {_path} {what}. Restore the folder as it was when the last receipt was issued, or start a "
                + "new log in another --data-dir."
        );
}
