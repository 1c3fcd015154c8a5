using DeterministicInference.Server.Machine;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>
/// The folder of <c>--data-dir</c>. It is created with access for its owner only, and one server at a time holds it.
/// Each log has a folder in it: the one with the highest number is continued, the others have ended.
/// </summary>
internal sealed partial class ReceiptDirectory : IDisposable
{
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Why nothing is stored in a folder that is not <see cref="IsInPlace"/>.</summary>
    public const string Gone = "the folder was deleted or replaced";

    /// <summary>The remedy for a folder that a server holds.</summary>
    public const string AnotherFolder =
        "Each server needs a log of its own: give another --data-dir, or --receipts off.";

    private const string Remedy = "Give another --data-dir, or --receipts off to serve without receipts.";

    private readonly FileStream _lock;
    private (string Path, FileIdentity? Identity)[] _held = [];

    private ReceiptDirectory(string path, FileStream @lock)
    {
        (Path, _lock) = (path, @lock);
        IReadOnlyList<LogFolder> logs = LogFolder.AllIn(path);
        Log = logs is [.., var last] ? last : LogFolder.Of(path, 1);
        Closed = [.. logs.SkipLast(1)];
    }

    /// <summary>The absolute path.</summary>
    public string Path { get; }

    /// <summary>The log that is continued.</summary>
    public LogFolder Log { get; private set; }

    /// <summary>The logs before it that are still there.</summary>
    public IReadOnlyList<LogFolder> Closed { get; private set; }

    /// <summary>Where the log that will follow is prepared.</summary>
    public LogFolder Next => LogFolder.Prepared(Path, Log.Number + 1);

    /// <summary>The secret by which owners of receipts are told apart, in all logs of the folder.</summary>
    public string OwnerSecretFile => System.IO.Path.Combine(Path, "owner-secret");

    /// <summary>
    /// The database of the first version of this program, which signed each receipt; null if there is none.
    /// </summary>
    public string? OldDatabase => new LogFolder(0, Path).DatabaseFile is var old && File.Exists(old) ? old : null;

    /// <summary>Creates the folder if it is missing, and takes its lock.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="logger">Logger for what makes it unsafe.</param>
    /// <param name="ifInUse">The remedy if a server holds it, as a sentence.</param>
    /// <exception cref="ReceiptStoreException">The folder can't be used, or another server holds it.</exception>
    public static ReceiptDirectory Open(string folder, ILogger logger, string ifInUse = AnotherFolder)
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
            Create(held.Log.Path);
            return held;
        }
        catch (IOException e) when (FileLock.IsHeld(e))
        {
            throw new ReceiptStoreException(InUse(path, ifInUse));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ReceiptStoreException(Unusable(path, e));
        }
    }

    /// <summary>Whether <see cref="Open"/> would succeed; nothing is created.</summary>
    /// <returns>Null, or what it would fail with.</returns>
    public static string? FindProblem(string folder)
    {
        string path = System.IO.Path.GetFullPath(folder),
            @lock = System.IO.Path.Combine(path, "lock");
        try
        {
            if (!Directory.Exists(path))
                return FindParentProblem(path);
            if (!File.Exists(@lock))
                // Gone again with the handle.
                File.Create(@lock + ".check", 1, FileOptions.DeleteOnClose).Dispose();
            else
                new FileStream(@lock, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
            return null;
        }
        catch (IOException e) when (FileLock.IsHeld(e))
        {
            return InUse(path, AnotherFolder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Unusable(path, e);
        }
    }

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

    /// <summary>Creates a folder that only its owner may use.</summary>
    /// <exception cref="IOException">It can't be created.</exception>
    public static void Create(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
    }

    /// <summary>Makes created and renamed files durable (https://man7.org/linux/man-pages/man2/fsync.2.html).</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public void Sync()
    {
        AtomicFile.SyncFolder(Log.Path);
        AtomicFile.SyncFolder(Path);
    }

    /// <summary>Checks that the next log can have its name.</summary>
    /// <exception cref="ReceiptStoreException">Something else has it.</exception>
    public void RequireNextFree()
    {
        string next = LogFolder.Of(Path, Next.Number).Path;
        if (System.IO.Path.Exists(next))
            throw new ReceiptStoreException(
                $"--data-dir: {next} has the name of the folder of the next log. Move it away first."
            );
    }

    /// <summary>Continues the log in <see cref="Next"/>, which has begun, instead of the present one.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public void TakeNext()
    {
        LogFolder next = LogFolder.Of(Path, Next.Number);
        AtomicFile.SyncFolder(Next.Path);
        Directory.Move(Next.Path, next.Path);
        AtomicFile.SyncFolder(Path);
        (Closed, Log) = ([.. Closed, Log], next);
    }

    /// <summary>
    /// Remembers which files lock and database are, once they are open, and the write-ahead log, which has what was
    /// committed last and keeps its name as long as a connection is open.
    /// </summary>
    public void Hold() =>
        _held = [
            .. new[] { _lock.Name, Log.DatabaseFile, Log.DatabaseFile + "-wal" }.Select(path =>
                (path, FileIdentity.Of(path))
            ),
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

    private static string InUse(string path, string remedy) =>
        $"--data-dir: {path} is in use by another server. {remedy}";

    private static string Unusable(string path, Exception e) =>
        $"--data-dir: {path} can't be used: {e.Message.TrimEnd('.')}. {Remedy}";

    /// <summary>Whether a folder that is missing can be created.</summary>
    private static string? FindParentProblem(string path)
    {
        string? parent = System.IO.Path.GetDirectoryName(path);
        while (parent is not null && !Directory.Exists(parent) && !File.Exists(parent))
            parent = System.IO.Path.GetDirectoryName(parent);
        if (parent is null || (Directory.Exists(parent) && MayWrite(parent)))
            return null;
        return $"--data-dir: {path} can't be created: "
            + (Directory.Exists(parent) ? $"this user may not write to {parent}" : $"{parent} is a file")
            + $". {Remedy}";
    }

    private static bool MayWrite(string folder) =>
        !OperatingSystem.IsLinux() || Libc.access(folder, Libc.MayWrite | Libc.MayExecute) == 0;

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
