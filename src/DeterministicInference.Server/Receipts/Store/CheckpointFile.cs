using System.Text;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>
/// The last checkpoint as a plain file: anyone who keeps copies elsewhere notices a log that was rolled back.
/// </summary>
internal sealed class CheckpointFile(ReceiptDirectory folder)
{
    /// <summary>The file's text; null if there is no file.</summary>
    /// <exception cref="IOException">The file can't be read.</exception>
    public string? Read() => File.Exists(folder.CheckpointFile) ? File.ReadAllText(folder.CheckpointFile) : null;

    /// <summary>Replaces the file atomically.</summary>
    /// <exception cref="Exception">
    /// A failure in the sense of <see cref="WriteFailure.Is"/>: the disk is full or failed, or the folder is not
    /// writable.
    /// </exception>
    public void Write(string note) => AtomicFile.Replace(folder.CheckpointFile, Encoding.UTF8.GetBytes(note));
}
