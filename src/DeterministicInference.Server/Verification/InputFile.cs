using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Verification;

/// <summary>Reads the files that the command line names.</summary>
internal static class InputFile
{
    /// <summary>Most bytes of a file of keys and the like, which has a few lines.</summary>
    private const int SmallBytes = 1 << 20;

    /// <summary>Reads a file that may have an answer in it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="option">The option that names it, for the error; empty for an argument.</param>
    /// <exception cref="InputException">The file can't be read, or is too large.</exception>
    public static byte[] Read(string path, string option = "") =>
        Named(option, () => Read(path, ReceiptBundle.MaxBytes, ""));

    /// <summary>Reads a file of keys, or what else has a few lines.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">What it should be, such as <c>a file of keys</c>.</param>
    /// <param name="option">The option that names it, for the error; empty for an argument.</param>
    /// <exception cref="InputException">The file can't be read, or is too large.</exception>
    public static byte[] ReadSmall(string path, string what, string option = "") =>
        Named(option, () => Read(path, SmallBytes, $", so that it is no {what}: give another file"));

    /// <summary>Runs with the option's name before each error.</summary>
    public static T Named<T>(string option, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InputException e) when (option.Length > 0)
        {
            throw new InputException($"{option}: {e.Message}");
        }
    }

    /// <summary>Refuses what is no regular file, of those that a folder has and nobody has named.</summary>
    /// <exception cref="InputException">It is something else, which may never end.</exception>
    public static void RequireRegular(string path)
    {
        if (FileKinds.Of(path) is { } kind and not FileKind.Regular)
            throw Irregular(path, kind);
    }

    private static byte[] Read(string path, int limit, string remedy)
    {
        // A pipe that is named has somebody who writes it, and so has a terminal.
        FileKind? kind = FileKinds.Of(path);
        if (kind is FileKind.Folder or FileKind.Socket || (kind == FileKind.Device && !IsOpen(path)))
            throw Irregular(path, kind.Value, ": give a file");
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
            // Of a large file there is one copy, and none of one that is too large.
            long length = file.CanSeek ? file.Length : 0;
            var bytes = new byte[length <= limit ? length : throw TooLarge()];
            int count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            // A pipe has no length, and a file may have grown.
            using var more = new MemoryStream();
            var buffer = new byte[1 << 16];
            for (int read; (read = file.Read(buffer)) > 0; )
            {
                more.Write(buffer, 0, read);
                if (count + more.Length > limit)
                    throw TooLarge();
            }
            return more.Length == 0 && count == bytes.Length ? bytes : [.. bytes[..count], .. more.ToArray()];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            bool isMissing = e is FileNotFoundException or DirectoryNotFoundException;
            string hint = path.StartsWith('-') ? " --help lists the options." : "";
            throw new InputException(
                $"{path}: can't be read: {(isMissing ? "there is no such file" : e.Message.TrimEnd('.'))}.{hint}"
            );
        }

        InputException TooLarge() => new($"{path}: is larger than {limit >> 20} MiB{remedy}.");
    }

    /// <summary>Whether it is standard input, or another file that the caller has opened.</summary>
    private static bool IsOpen(string path) =>
        path == "/dev/stdin"
        || path.StartsWith("/dev/fd/", StringComparison.Ordinal)
        || path.StartsWith("/proc/self/fd/", StringComparison.Ordinal);

    private static InputException Irregular(string path, FileKind kind, string remedy = "") =>
        new($"{path}: is a {kind.ToString().ToLowerInvariant()}, and no regular file{remedy}.");
}
