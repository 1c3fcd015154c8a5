using System.Text;

namespace DeterministicInference.Server.Receipts;

/// <summary>The last checkpoint as a plain file: whoever keeps it elsewhere notices a log that was set back.</summary>
internal sealed class CheckpointFile(DataDirectory folder)
{
    private readonly string _temporary = folder.CheckpointFile + ".new";

    /// <summary>Null if there is none.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    public string? Read() => File.Exists(folder.CheckpointFile) ? File.ReadAllText(folder.CheckpointFile) : null;

    /// <summary>Replaces the file; at any moment it is the old one or the new one, whole.</summary>
    /// <exception cref="IOException">The disk is full or failed.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not writable any more.</exception>
    public void Write(string note)
    {
        using (var file = new FileStream(_temporary, DataDirectory.Options(FileMode.Create)))
        {
            file.Write(Encoding.UTF8.GetBytes(note));
            file.Flush(flushToDisk: true);
        }
        File.Move(_temporary, folder.CheckpointFile, overwrite: true);
        folder.Sync();
    }
}
