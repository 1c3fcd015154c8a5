using System.Text;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.Native;
using DeterministicInference.Server.Receipts.Signing;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>The file with the signed <see cref="LogRevocation"/> of the key of a log that has ended.</summary>
/// <param name="folder">The log's folder.</param>
/// <param name="key">The log's name and key.</param>
internal sealed class RevocationFile(LogFolder folder, NoteKey key)
{
    public string Path => folder.RevocationFile;

    private string Command => $"receipts revoke {key.Name} --data-dir {System.IO.Path.GetDirectoryName(folder.Path)}";

    /// <summary>The revocation; null if there is none.</summary>
    /// <param name="log">The log's last state.</param>
    /// <exception cref="ReceiptStoreException">
    /// It is missing although the log's last line revokes the key, or is another one. The message has the remedy.
    /// </exception>
    public SignedNote? Read(LogState log)
    {
        string? wrong = Find(log, out SignedNote? revocation);
        return wrong is null
            ? revocation
            : throw new ReceiptStoreException(
                $"--data-dir: the file {Path} {wrong}. "
                    + (
                        log.End is { IsRevoked: true }
                            ? $"Write it again: {Command}."
                            : $"If the key was revoked, write it again: {Command}. If not, move it away."
                    )
            );
    }

    /// <summary>Whether it is there, and the one of this log.</summary>
    public bool IsIntact(LogState log) => Find(log, out SignedNote? revocation) is null && revocation is not null;

    /// <summary>Checks that nothing has its place in a log that goes on.</summary>
    /// <exception cref="ReceiptStoreException">Something has.</exception>
    public void RequireFree()
    {
        if (System.IO.Path.Exists(Path))
        {
            throw new ReceiptStoreException(
                $"--data-dir: {Path} is none of this log, which has not ended. Move it away first."
            );
        }
    }

    /// <summary>Signs that only the log's last checkpoint counts, and replaces the file.</summary>
    /// <param name="log">The log's last state.</param>
    /// <param name="signer">The log's key.</param>
    /// <param name="next">The key of the log that follows.</param>
    /// <exception cref="ReceiptStoreException">It can't be written.</exception>
    /// <exception cref="SignerException">A program gave no signature.</exception>
    public void Write(LogState log, LogKey signer, LogKey next)
    {
        SignedNote note = new LogRevocation(key, log.Checkpoint.Size, log.Checkpoint.Root, log.End!.Next).Sign(
            signer.Signer,
            next.Signer
        );
        try
        {
            AtomicFile.Replace(Path, Encoding.UTF8.GetBytes(note.ToString()));
        }
        catch (Exception e) when (WriteFailure.Is(e))
        {
            throw new ReceiptStoreException(
                Directory.Exists(Path)
                    ? $"--data-dir: {Path} is a folder, and must be a file. Move it away, and repeat the command."
                    : $"--data-dir: {Path} can't be written: {e.Message.TrimEnd('.')}. Repair that, and repeat the "
                        + "command."
            );
        }
    }

    /// <returns>What is wrong, as a predicate; null for nothing.</returns>
    private string? Find(LogState log, out SignedNote? revocation)
    {
        revocation = null;
        if (Directory.Exists(Path))
            return "is a folder";
        if (!File.Exists(Path))
            return log.End is { IsRevoked: true } ? "is missing, which revokes the key" : null;
        try
        {
            string text = File.ReadAllText(Path);
            LogRevocation read = LogRevocation.Verify(text);
            if (read.Key.ToString() != key.ToString())
                return "revokes another key";
            if (log.End is not { } end || !read.Covers(log.Checkpoint) || read.Next.ToString() != end.Next.ToString())
                return "does not name the log's last checkpoint";
            revocation = SignedNote.Parse(text);
            return null;
        }
        catch (LogFormatException e)
        {
            return $"is no revocation: {e.Message.TrimEnd('.')}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"can't be read: {e.Message.TrimEnd('.')}";
        }
    }
}
