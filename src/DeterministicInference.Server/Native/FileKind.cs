using System.Runtime.InteropServices;
using System.Text;

namespace DeterministicInference.Server.Native;

/// <summary>What a name leads to.</summary>
internal enum FileKind
{
    Regular,
    Folder,
    Pipe,
    Socket,
    Device,
}

/// <summary>Tells the kind of a file before it is opened: to open a pipe waits for who writes it.</summary>
internal static unsafe class FileKinds
{
    private const int WorkingFolder = -100,
        ResultSize = 256,
        ModeOffset = 28;
    private const uint TypeMask = 1;

    /// <summary>The kind of the file, behind links; null if it is not there, or the system does not tell.</summary>
    public static FileKind? Of(string path)
    {
        // .NET has no call for it.
        if (!OperatingSystem.IsLinux())
            return Directory.Exists(path) ? FileKind.Folder : null;
        byte* result = stackalloc byte[ResultSize];
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            if (Libc.statx(WorkingFolder, name, 0, TypeMask, result) < 0)
                return null;
        }
        // The types of https://man7.org/linux/man-pages/man7/inode.7.html.
        return (MemoryMarshal.Read<ushort>(new ReadOnlySpan<byte>(result + ModeOffset, 2)) >> 12) switch
        {
            1 => FileKind.Pipe,
            2 or 6 => FileKind.Device,
            4 => FileKind.Folder,
            8 => FileKind.Regular,
            12 => FileKind.Socket,
            _ => null,
        };
    }
}
