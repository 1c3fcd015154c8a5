using System.Globalization;
using DeterministicInference.Server.Machine;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>
/// The folder of <c>--data-dir</c>. It is created with access for its owner only, and one server at a time holds it. A
/// log has a folder in it, with its key: <c>log-1</c>. Of several, the one with the highest number is continued.
/// </summary>
internal sealed partial class ReceiptDirectory : IDisposable
{
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Why nothing is stored in a folder that is not <see cref="IsInPlace"/>.</summary>
    public const string Gone = "the folder was deleted or replaced";

    private const string LogPrefix = "log-",
        FirstLog = LogPrefix + "1";

    private const string Remedy = "Give another --data-dir, or --receipts off to serve without receipts.";

    private readonly FileStream _lock;
    private (string Path, FileIdentity? Identity)[] _held = [];

    private ReceiptDirectory(string path, FileStream @lock)
    {
        (Path, _lock) = (path, @lock);
        LogPath = LastLogIn(path) ?? System.IO.Path.Combine(path, FirstLog);
    }

    /// <summary>The absolute path.</summary>
    public string Path { get; }

    /// <summary>The folder of the log that is continued.</summary>
    public string LogPath { get; }

    public string KeyFile => KeyIn(LogPath);

    /// <summary>The key of a log that has not begun.</summary>
    public string NewKeyFile => KeyFile + ".new";

    public string DatabaseFile => DatabaseIn(LogPath);

    public string CheckpointFile => CheckpointIn(LogPath);

    /// <summary>The secret by which owners of receipts are told apart, in all logs of the folder.</summary>
    public string OwnerSecretFile => System.IO.Path.Combine(Path, "owner-secret");

    /// <summary>
    /// The database of the first version of this program, which signed each receipt; null if there is none.
    /// </summary>
    public string? OldDatabase => File.Exists(DatabaseIn(Path)) ? DatabaseIn(Path) : null;

    /// <summary>Creates the folder if it is missing, and takes its lock.</summary>
    /// <exception cref="ReceiptStoreException">The folder can't be used, or another server holds it.</exception>
    public static ReceiptDirectory Open(string folder, ILogger logger)
    {
        string path = System.IO.Path.GetFullPath(folder);
        try
        {
            Create(path);
            if (
                !OperatingSystem.IsWindows()
                && (File.GetUnixFileMode(path) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0
            )
                Writable(logger, path);
            if (new DriveInfo(path) is { DriveType: DriveType.Network } drive)
                Network(logger, path, drive.DriveFormat);
            var held = new ReceiptDirectory(
                path,
                new FileStream(System.IO.Path.Combine(path, "lock"), Options(FileMode.OpenOrCreate))
            );
            Create(held.LogPath);
            return held;
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

    /// <summary>The path of a log's database.</summary>
    public static string DatabaseIn(string log) => System.IO.Path.Combine(log, "receipts.db");

    /// <summary>The path of a log's key.</summary>
    public static string KeyIn(string log) => System.IO.Path.Combine(log, "signing-key.pem");

    /// <summary>The path of a log's published checkpoint.</summary>
    public static string CheckpointIn(string log) => System.IO.Path.Combine(log, "checkpoint");

    /// <summary>The folder of the last log; null if there is none.</summary>
    public static string? LastLogIn(string folder) =>
        Directory.EnumerateDirectories(folder, LogPrefix + "*").Where(path => NumberOf(path) > 0).MaxBy(NumberOf);

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
    public void Sync()
    {
        AtomicFile.SyncFolder(LogPath);
        AtomicFile.SyncFolder(Path);
    }

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

    private static void Create(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
    }

    private static int NumberOf(string log) =>
        int.TryParse(
            System.IO.Path.GetFileName(log)[LogPrefix.Length..],
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out int number
        )
            ? number
            : 0;

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
