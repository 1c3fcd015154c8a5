using System.Buffers.Binary;
using System.Runtime.Versioning;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Guard;

/// <summary>The folder with the state files. Whoever can write there can name processes that are then killed.</summary>
[SupportedOSPlatform("linux")]
internal static unsafe class GuardStateDirectory
{
    private const int CurrentFolder = -100,
        OwnerOffset = 20;
    private const uint OwnerMask = 0x8;

    /// <summary>Creates the folder where it is missing, and refuses one that others own or may write to.</summary>
    /// <returns>Its absolute path.</returns>
    /// <exception cref="IOException">The folder can't be used.</exception>
    public static string Require(string path)
    {
        string full = Path.GetFullPath(path);
        Directory.CreateDirectory(full, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (
            OwnerOf(full) != Libc.geteuid()
            || (File.GetUnixFileMode(full) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0
        )
        {
            throw new IOException(
                $"The folder {full} must belong to the user of this server, and nobody else may be allowed to write "
                    + "to it (chmod 700)."
            );
        }
        return full;
    }

    private static uint OwnerOf(string path)
    {
        using var name = new NativeStrings([path]);
        byte* status = stackalloc byte[256];
        if (Libc.statx(CurrentFolder, *name.Pointer, 0, OwnerMask, status) < 0)
            throw Libc.LastFailure;
        return BinaryPrimitives.ReadUInt32LittleEndian(new ReadOnlySpan<byte>(status + OwnerOffset, sizeof(uint)));
    }
}
