using DeterministicInference.Server.Machine;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>
/// The folder of key and log. It is created with access for its owner only, and one server at a time holds it.
/// </summary>
internal sealed partial class ReceiptDirectory : IDisposable
{
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const string Remedy = "Give another --data-dir, or --receipts off to serve without receipts.";

    private readonly FileStream _lock;
    private (string Path, FileIdentity? Identity)[] _held = [];

    private ReceiptDirectory(string path, FileStream @lock) => (Path, _lock) = (path, @lock);

    /// <summary>The absolute path.</summary>
    public string Path { get; }

    public string KeyFile => System.IO.Path.Combine(Path, "signing-key.pem");

    /// <summary>The key of a log that has not begun.</summary>
    public string NewKeyFile => KeyFile + ".new";

    public string DatabaseFile => DatabaseIn(Path);

    public string CheckpointFile => System.IO.Path.Combine(Path, "checkpoint");

    /// <summary>Creates the folder if it is missing, and takes its lock.</summary>
    /// <exception cref="ReceiptStoreException">The folder can't be used, or another server holds it.</exception>
    public static ReceiptDirectory Open(string folder, ILogger logger)
    {
        string path = System.IO.Path.GetFullPath(folder);
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(path);
            else
                Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
            if (
                !OperatingSystem.IsWindows()
                && (File.GetUnixFileMode(path) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0
            )
                Writable(logger, path);
            if (new DriveInfo(path) is { DriveType: DriveType.Network } drive)
                Network(logger, path, drive.DriveFormat);
            return new ReceiptDirectory(
                path,
                new FileStream(System.IO.Path.Combine(path, "lock"), Options(FileMode.OpenOrCreate))
            );
        }
        catch (IOException e) when (FileLock.IsHeld(e))
        {
            throw new ReceiptStoreException(
                $"--data-dir: {path} is in use by another server. Each server needs a log of its own: give another "
                    + "--data-dir, or --receipts off."
            );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ReceiptStoreException($"--data-dir: {path} can't be used: {e.Message.TrimEnd('.')}. {Remedy}");
        }
    }

    /// <summary>The path of a folder's database.</summary>
    public static string DatabaseIn(string folder) => System.IO.Path.Combine(folder, "receipts.db");

    /// <summary>Options of a file that only its owner may access, and only one process at a time.</summary>
    public static FileStreamOptions Options(FileMode mode)
    {
        var options = new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        return options;
    }

    /// <summary>Makes created and renamed files durable (https://man7.org/linux/man-pages/man2/fsync.2.html).</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public void Sync() => AtomicFile.SyncFolder(Path);

    /// <summary>
    /// Remembers which files lock and database are, once they are open, and the write-ahead log, which has what was
    /// committed last and keeps its name as long as a connection is open.
    /// </summary>
    public void Hold() =>
        _held = [
            .. new[] { _lock.Name, DatabaseFile, DatabaseFile + "-wal" }.Select(path => (path, FileIdentity.Of(path))),
        ];

    /// <summary>
    /// Whether they are still those that <see cref="Hold"/> has seen: what is written to files that were deleted or
    /// replaced is lost. True where the system does not tell.
    /// </summary>
    public bool IsInPlace =>
        _held.All(file =>
            file.Identity is not { } was
            || (FileIdentity.Of(file.Path) is { } now && (now.Inode, now.Device) == (was.Inode, was.Device))
        );

    public void Dispose() => _lock.Dispose();

    [LoggerMessage(
        LogLevel.Warning,
        "The receipt folder {Folder} is writable by other users, who can replace key and log (chmod 700)"
    )]
    private static partial void Writable(ILogger logger, string folder);

    [LoggerMessage(
        LogLevel.Warning,
        "The receipt folder {Folder} is on a network file system ({Format}), whose locks and syncs may be "
            + "unreliable: prefer a local --data-dir"
    )]
    private static partial void Network(ILogger logger, string folder, string format);
}
