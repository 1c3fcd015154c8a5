using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Guard;

/// <summary>
/// The folder of one server's engine: its socket and files with keys. Only this user can enter it, which is the lock of
/// the socket: a connection needs the right to search every folder of its path
/// (https://man7.org/linux/man-pages/man7/unix.7.html, "Pathname socket ownership and permissions"). The guards remove
/// it with the state file once no process of the engine is left.
/// </summary>
internal static class EngineFolder
{
    /// <summary>sun_path has 108 bytes, of which the last is a zero (unix(7)).</summary>
    private const int LongestSocketPath = 107;

    private const int OwnerOnly = 0x1C0; // 0700

    /// <summary>Name of the engine's socket; llama-server takes a host for a socket by this ending.</summary>
    public const string SocketName = "e.sock";

    /// <summary>
    /// Chooses the path of a folder that does not exist yet: below the server's state, below XDG_RUNTIME_DIR, or in
    /// /tmp, the first that can hold a socket and is short enough for one. XDG_RUNTIME_DIR comes second, as it is
    /// removed when its user logs out, which a server in the background survives
    /// (https://specifications.freedesktop.org/basedir-spec/latest/).
    /// </summary>
    [SupportedOSPlatform("linux")]
    public static string Choose() => Choose([StatePaths.Run, Runtime], "/tmp");

    /// <param name="candidates">Folders of this user's, made where they are missing; null is passed over.</param>
    /// <param name="last">A folder of everybody's.</param>
    [SupportedOSPlatform("linux")]
    public static string Choose(IReadOnlyList<string?> candidates, string last)
    {
        string name = RandomNumberGenerator.GetHexString(8, lowercase: true);
        foreach (string candidate in candidates.OfType<string>())
        {
            string folder = Path.Combine(Path.GetFullPath(candidate), name);
            if (!IsShort(folder))
                continue;
            try
            {
                GuardStateDirectory.Require(candidate);
                TryBind($"{folder}.{SocketName}");
                return folder;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or SocketException)
            {
                // Read-only, another user's, open to others, or a file system without sockets: the next one.
            }
        }
        return Path.Combine(last, $"deterministic-inference-{name}");
    }

    /// <summary>Makes the folder and its files, none of which anybody else can read.</summary>
    /// <param name="path">From <see cref="Choose()"/>.</param>
    /// <param name="files">Contents by path.</param>
    /// <exception cref="IOException">It can't be made.</exception>
    public static void Create(string path, IReadOnlyDictionary<string, string> files)
    {
        Remove(path);
        if (MakeFolder(path) is { } failure)
            throw new IOException($"the folder {path} can't be made: {failure}");
        foreach ((string file, string content) in files)
            AtomicFile.Create(file, Encoding.UTF8.GetBytes(content));
    }

    /// <summary>Removes the folder where it exists.</summary>
    public static void Remove(string path)
    {
        try
        {
            if (new DirectoryInfo(path).LinkTarget is not null)
                return;
            // Sockets count as files.
            foreach (string file in Directory.GetFiles(path))
                File.Delete(file);
            Directory.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is gone, or holds what no engine of ours has put there.
        }
    }

    private static string? Runtime =>
        Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { } folder && Path.IsPathFullyQualified(folder)
            ? Path.Combine(folder, "deterministic-inference")
            : null;

    private static bool IsShort(string folder) =>
        !folder.Any(char.IsControl)
        && Encoding.UTF8.GetByteCount(Path.Combine(folder, SocketName)) <= LongestSocketPath;

    private static void TryBind(string path)
    {
        // Its file is deleted with it.
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
    }

    /// <summary>
    /// Unlike .NET's call this one fails where the name exists, so that nobody can have laid a folder or a link there.
    /// </summary>
    private static unsafe string? MakeFolder(string path)
    {
        using var name = new NativeStrings([path]);
        return Libc.mkdir(*name.Pointer, OwnerOnly) == 0 && Libc.chmod(*name.Pointer, OwnerOnly) == 0
            ? null
            : Libc.LastFailure.Message;
    }
}
