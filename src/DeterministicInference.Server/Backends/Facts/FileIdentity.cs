using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.Versioning;
using DeterministicInference.Server.Backends.Guard;

namespace DeterministicInference.Server.Backends.Facts;

/// <summary>
/// What the file system says of a file, links followed. Whoever writes to a file changes the time of its last change of any kind
/// (ctime), which no program can set back; a file that takes its place has another number.
/// </summary>
/// <param name="Size">Bytes.</param>
/// <param name="Modified">Of its content, ns since 1970; can be set to anything.</param>
/// <param name="Changed">Of anything, ns since 1970; the kernel sets it.</param>
/// <param name="Inode">Its number on the device.</param>
/// <param name="Device">Major and minor number.</param>
internal readonly record struct FileIdentity(long Size, long Modified, long Changed, ulong Inode, ulong Device)
{
    private const int CurrentFolder = -100, StatusBytes = 256;
    private const uint BasicFields = 0x7ff;

    // struct statx of linux/stat.h.
    private const int MaskOffset = 0, InodeOffset = 32, SizeOffset = 40, ChangedOffset = 96, ModifiedOffset = 112, MajorOffset = 136, MinorOffset = 140;

    /// <summary>Null where the system can't tell, and for a file that is not there.</summary>
    public static FileIdentity? Of(string path) => OperatingSystem.IsLinux() ? Read(path) : null;

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static FileIdentity? Parse(ReadOnlySpan<string> words) =>
        words.Length == 5
        && Number(words[0], out long size) && Number(words[1], out long modified) && Number(words[2], out long changed)
        && ulong.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out ulong inode)
        && ulong.TryParse(words[4], NumberStyles.None, CultureInfo.InvariantCulture, out ulong device)
            ? new FileIdentity(size, modified, changed, inode, device)
            : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Size} {Modified} {Changed} {Inode} {Device}");

    private static bool Number(string text, out long number) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);

    [SupportedOSPlatform("linux")]
    private static unsafe FileIdentity? Read(string path)
    {
        using var name = new NativeStrings([path]);
        byte* memory = stackalloc byte[StatusBytes];
        if (Libc.statx(CurrentFolder, *name.Pointer, 0, BasicFields, memory) < 0) return null;
        var status = new ReadOnlySpan<byte>(memory, StatusBytes);
        if ((BinaryPrimitives.ReadUInt32LittleEndian(status[MaskOffset..]) & BasicFields) != BasicFields) return null;
        ulong major = BinaryPrimitives.ReadUInt32LittleEndian(status[MajorOffset..]), minor = BinaryPrimitives.ReadUInt32LittleEndian(status[MinorOffset..]);
        return new FileIdentity(
            BinaryPrimitives.ReadInt64LittleEndian(status[SizeOffset..]), Time(status[ModifiedOffset..]), Time(status[ChangedOffset..]),
            BinaryPrimitives.ReadUInt64LittleEndian(status[InodeOffset..]), (major << 32) | minor);
    }

    /// <summary>struct statx_timestamp: seconds, and nanoseconds of the second.</summary>
    private static long Time(ReadOnlySpan<byte> time) =>
        unchecked((BinaryPrimitives.ReadInt64LittleEndian(time) * 1_000_000_000) + BinaryPrimitives.ReadUInt32LittleEndian(time[8..]));
}
