using System.Runtime.Versioning;

namespace DeterministicInference.Server.Native;

/// <summary>
/// Writes files that only their owner may use, unless it is said otherwise. Under its name a file is whole at any
/// moment, also after a crash or a loss of power: the content is written beside it, made durable and renamed.
/// </summary>
internal static class AtomicFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes a file that does not exist.</summary>
    /// <exception cref="IOException">It exists.</exception>
    /// <exception cref="Exception">
    /// One of <see cref="WriteFailure.Is"/>: the disk is full or failed, or the folder is not writable.
    /// </exception>
    public static void Create(string path, ReadOnlySpan<byte> content) =>
        Write(path, content, overwrite: false, OwnerOnly);

    /// <summary>Writes a file, in the place of one that may exist.</summary>
    /// <exception cref="Exception">
    /// One of <see cref="WriteFailure.Is"/>: the disk is full or failed, or the folder is not writable.
    /// </exception>
    /// <param name="path">The file.</param>
    /// <param name="content">All of it.</param>
    /// <param name="mode">Who may use it.</param>
    public static void Replace(string path, ReadOnlySpan<byte> content, UnixFileMode mode = OwnerOnly) =>
        Write(path, content, overwrite: true, mode);

    /// <summary>Makes the names of files durable that were created or renamed in a folder.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public static void SyncFolder(string folder)
    {
        // .NET has no call for it.
        if (OperatingSystem.IsLinux())
            SyncLinuxFolder(folder);
    }

    private static void Write(string path, ReadOnlySpan<byte> content, bool overwrite, UnixFileMode mode)
    {
        string unfinished = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = mode;
        // What a crash has left may have another mode, or be a link.
        File.Delete(unfinished);
        try
        {
            using (var file = new FileStream(unfinished, options))
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }
            File.Move(unfinished, path, overwrite);
        }
        catch
        {
            // Nothing of it stays where it can't have its name.
            File.Delete(unfinished);
            throw;
        }
        SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    [SupportedOSPlatform("linux")]
    private static unsafe void SyncLinuxFolder(string path)
    {
        using var name = new NativeStrings([path]);
        int folder = Libc.open(*name.Pointer, Libc.ReadOnly | Libc.CloseOnExec, 0);
        if (folder < 0)
            throw new IOException($"The folder {path} can't be opened (error {Libc.LastError}).");
        int result = Libc.fsync(folder),
            error = Libc.LastError;
        Libc.close(folder);
        if (result < 0)
            throw new IOException($"The folder {path} can't be made durable (error {error}).");
    }
}
