using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.Versioning;
using DeterministicInference.Server.Native;
using Microsoft.Win32.SafeHandles;

namespace DeterministicInference.Server.Machine;

/// <summary>
/// Identity of a file's content according to the file system, with links followed. Every write changes the ctime, which
/// no program can set (https://man7.org/linux/man-pages/man7/inode.7.html); a file that replaces it has another inode.
/// </summary>
/// <param name="Size">Bytes.</param>
/// <param name="Modified">Time of the last change of its content, ns since 1970; programs can set it.</param>
/// <param name="Changed">Time of the last change of any kind, ns since 1970; only the kernel sets it.</param>
/// <param name="Inode">Inode number on the device.</param>
/// <param name="Device">Major and minor number of the device.</param>
internal readonly record struct FileIdentity(long Size, long Modified, long Changed, ulong Inode, ulong Device)
{
    private const int CurrentFolder = -100,
        StatusBytes = 256;
    private const uint BasicFields = 0x7ff;

    /// <summary>AT_EMPTY_PATH: an empty path means the descriptor itself.</summary>
    private const int EmptyPath = 0x1000;

    // Offsets in struct statx (linux/stat.h, https://man7.org/linux/man-pages/man2/statx.2.html).
    private const int MaskOffset = 0,
        InodeOffset = 32,
        SizeOffset = 40,
        ChangedOffset = 96,
        ModifiedOffset = 112,
        MajorOffset = 136,
        MinorOffset = 140;

    /// <summary>Null if the system can't report it, or the file does not exist.</summary>
    public static FileIdentity? Of(string path) => OperatingSystem.IsLinux() ? Read(CurrentFolder, path) : null;

    /// <summary>The same of an open file.</summary>
    public static FileIdentity? Of(SafeFileHandle file) =>
        OperatingSystem.IsLinux() ? Read((int)file.DangerousGetHandle(), "") : null;

    /// <summary>Whether both are of one file, whatever its content was.</summary>
    public bool IsFileOf(FileIdentity other) => (Inode, Device) == (other.Inode, other.Device);

    /// <summary>Parses the output of <see cref="ToString"/>.</summary>
    public static FileIdentity? Parse(ReadOnlySpan<string> words) =>
        words.Length == 5
        && Number(words[0], out long size)
        && Number(words[1], out long modified)
        && Number(words[2], out long changed)
        && ulong.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out ulong inode)
        && ulong.TryParse(words[4], NumberStyles.None, CultureInfo.InvariantCulture, out ulong device)
            ? new FileIdentity(size, modified, changed, inode, device)
            : null;

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Size} {Modified} {Changed} {Inode} {Device}");

    private static bool Number(string text, out long number) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);

    [SupportedOSPlatform("linux")]
    private static unsafe FileIdentity? Read(int folder, string path)
    {
        using var name = new NativeStrings([path]);
        byte* memory = stackalloc byte[StatusBytes];
        if (Libc.statx(folder, *name.Pointer, EmptyPath, BasicFields, memory) < 0)
            return null;
        var status = new ReadOnlySpan<byte>(memory, StatusBytes);
        if ((BinaryPrimitives.ReadUInt32LittleEndian(status[MaskOffset..]) & BasicFields) != BasicFields)
            return null;
        ulong major = BinaryPrimitives.ReadUInt32LittleEndian(status[MajorOffset..]),
            minor = BinaryPrimitives.ReadUInt32LittleEndian(status[MinorOffset..]);
        return new FileIdentity(
            BinaryPrimitives.ReadInt64LittleEndian(status[SizeOffset..]),
            Time(status[ModifiedOffset..]),
            Time(status[ChangedOffset..]),
            BinaryPrimitives.ReadUInt64LittleEndian(status[InodeOffset..]),
            (major << 32) | minor
        );
    }

    /// <summary>struct statx_timestamp: seconds, and nanoseconds of the second.</summary>
    private static long Time(ReadOnlySpan<byte> time) =>
        unchecked(
            (BinaryPrimitives.ReadInt64LittleEndian(time) * 1_000_000_000)
            + BinaryPrimitives.ReadUInt32LittleEndian(time[8..])
        );
}
