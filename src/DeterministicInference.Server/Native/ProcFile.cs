using System.Text;

namespace DeterministicInference.Server.Native;

/// <summary>Reads files of <c>/proc</c>, which report no length and may vanish at any time.</summary>
internal static unsafe class ProcFile
{
    /// <summary>
    /// Whether this thread's last read failed for want of a descriptor, which says nothing about the file.
    /// </summary>
    public static bool LacksDescriptors => Libc.LastError is Libc.ErrorNoFileLeft or Libc.ErrorNoDescriptorLeft;

    /// <summary>Reads up to the buffer's length.</summary>
    /// <returns>The number of bytes, or -1 if the file can't be read.</returns>
    public static int Read(string path, Span<byte> buffer)
    {
        Span<byte> name = stackalloc byte[128];
        int nameLength = Encoding.UTF8.GetBytes(path, name[..^1]);
        name[nameLength] = 0;
        fixed (
            byte* pathPointer = name,
                target = buffer
        )
        {
            int descriptor = Libc.open(pathPointer, Libc.ReadOnly | Libc.CloseOnExec, 0);
            if (descriptor < 0)
                return -1;
            int length = 0;
            while (length < buffer.Length)
            {
                nint got = Libc.read(descriptor, target + length, (nuint)(buffer.Length - length));
                if (got < 0 && Libc.LastError == Libc.ErrorInterrupted)
                    continue;
                if (got < 0)
                    length = -1;
                if (got <= 0)
                    break;
                length += (int)got;
            }
            _ = Libc.close(descriptor);
            return length;
        }
    }

    /// <summary>The whole file; empty if it can't be read or is larger than 4 MiB.</summary>
    public static byte[] ReadAll(string path)
    {
        for (int size = 1 << 14; size <= 1 << 22; size *= 4)
        {
            byte[] buffer = new byte[size];
            int length = Read(path, buffer);
            if (length < 0)
                return [];
            if (length < size)
                return buffer[..length];
        }
        return [];
    }
}
