using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Witness;

/// <summary>
/// The folder of a witness, which one process at a time holds: its keys, and of each log the last checkpoint that it
/// has cosigned, in the file <c>logs/HASH</c>. All for their owner alone.
/// </summary>
internal sealed class WitnessFolder : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string _logs;
    private readonly FileStream _lock;

    private WitnessFolder(string path, string logs, FileStream @lock) => (Path, _logs, _lock) = (path, logs, @lock);

    /// <summary>The absolute path.</summary>
    public string Path { get; }

    /// <summary>Whether anything was cosigned.</summary>
    public bool HasState => Directory.EnumerateFiles(_logs).Any();

    /// <summary>Creates the folder if it is missing, and takes its lock.</summary>
    /// <exception cref="IOException">The folder can't be used, or another witness holds it.</exception>
    public static WitnessFolder Open(string folder)
    {
        string path = System.IO.Path.GetFullPath(folder),
            logs = System.IO.Path.Combine(path, "logs");
        try
        {
            Create(path);
            var options = new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
            };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            var held = new FileStream(System.IO.Path.Combine(path, "lock"), options);
            Create(logs);
            AtomicFile.SyncFolder(path);
            return new WitnessFolder(path, logs, held);
        }
        catch (IOException e) when (FileLock.IsHeld(e))
        {
            throw new IOException(
                $"--data-dir: {path} is in use by another witness. Two with one key could cosign two histories of a "
                    + "log: stop the other one, or give another --data-dir."
            );
        }
    }

    /// <summary>The checkpoint of a log that was cosigned last; null if none was.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    public string? Read(string origin) => File.Exists(FileOf(origin)) ? File.ReadAllText(FileOf(origin)) : null;

    /// <summary>Replaces it: once this returns, it survives a loss of power.</summary>
    /// <exception cref="Exception">A failure in the sense of <see cref="WriteFailure.Is"/>.</exception>
    public void Write(string origin, string note) => AtomicFile.Replace(FileOf(origin), Encoding.UTF8.GetBytes(note));

    /// <summary>The hash that names a log in files and addresses: SHA-256 of its origin, hexadecimal.</summary>
    public static string HashOf(string origin) => Sha256Value.Of(Encoding.UTF8.GetBytes(origin)).ToString();

    public string FileOf(string origin) => System.IO.Path.Combine(_logs, HashOf(origin));

    public void Dispose() => _lock.Dispose();

    private static void Create(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, OwnerOnly);
    }
}
