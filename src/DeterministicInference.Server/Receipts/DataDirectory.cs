using System.Runtime.Versioning;
using DeterministicInference.Server.Backends.Guard;

namespace DeterministicInference.Server.Receipts;

/// <summary>The folder of key and log. It is created for its owner alone, and held by one server at a time.</summary>
internal sealed partial class DataDirectory : IDisposable
{
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const string Remedy = "Give another --data-dir, or --receipts off to serve without receipts.";

    // EAGAIN of Linux and macOS, ERROR_SHARING_VIOLATION of Windows.
    private static readonly int[] HeldByAnother = [11, 35, unchecked((int)0x80070020)];

    private readonly FileStream _lock;

    private DataDirectory(string path, FileStream @lock) => (Path, _lock) = (path, @lock);

    /// <summary>Absolute.</summary>
    public string Path { get; }

    public string KeyFile => System.IO.Path.Combine(Path, "signing-key.pem");

    public string DatabaseFile => DatabaseIn(Path);

    public string CheckpointFile => System.IO.Path.Combine(Path, "checkpoint");

    /// <summary>Creates the folder where it is missing, and takes its lock.</summary>
    /// <exception cref="ReceiptStoreException">It can't be used, or another server has it.</exception>
    public static DataDirectory Open(string folder, ILogger logger)
    {
        string path = System.IO.Path.GetFullPath(folder);
        try
        {
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
            else Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0) Writable(logger, path);
            if (new DriveInfo(path) is { DriveType: DriveType.Network } drive) Network(logger, path, drive.DriveFormat);
            return new DataDirectory(path, new FileStream(System.IO.Path.Combine(path, "lock"), Options(FileMode.OpenOrCreate)));
        }
        catch (IOException e) when (HeldByAnother.Contains(e.HResult))
        {
            throw new ReceiptStoreException(
                $"--data-dir: {path} is in use by another server. Each server needs a log of its own: give another --data-dir, or --receipts off.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ReceiptStoreException($"--data-dir: {path} can't be used: {e.Message.TrimEnd('.')}. {Remedy}");
        }
    }

    /// <summary>Where a folder has its receipts.</summary>
    public static string DatabaseIn(string folder) => System.IO.Path.Combine(folder, "receipts.db");

    /// <summary>A file that only its owner may use, and only one at a time.</summary>
    public static FileStreamOptions Options(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        return options;
    }

    /// <summary>Makes names of files durable that were created or renamed.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public void Sync()
    {
        if (OperatingSystem.IsLinux()) SyncFolder(Path);
    }

    public void Dispose() => _lock.Dispose();

    [SupportedOSPlatform("linux")]
    private static unsafe void SyncFolder(string path)
    {
        using var name = new NativeStrings([path]);
        int folder = Libc.open(*name.Pointer, Libc.ReadOnly | Libc.CloseOnExec, 0);
        if (folder < 0) throw new IOException($"The folder {path} can't be opened (error {Libc.LastError}).");
        int result = Libc.fsync(folder), error = Libc.LastError;
        Libc.close(folder);
        if (result < 0) throw new IOException($"The folder {path} can't be made durable (error {error}).");
    }

    [LoggerMessage(LogLevel.Warning, "The folder of receipts {Folder} may be changed by other users: whoever can write there can replace key and log (chmod 700)")]
    private static partial void Writable(ILogger logger, string folder);

    [LoggerMessage(LogLevel.Warning, "The folder of receipts {Folder} is on a network file system ({Format}), whose locks and syncs may not keep their promise: a local --data-dir is safer")]
    private static partial void Network(ILogger logger, string folder, string format);
}
