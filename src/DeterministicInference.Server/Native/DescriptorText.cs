using System.Text;

namespace DeterministicInference.Server.Native;

/// <summary>Writes short text to descriptors whose other end may be closed.</summary>
internal static unsafe class DescriptorText
{
    /// <summary>
    /// Writes in one call, which is atomic for pipes up to PIPE_BUF bytes
    /// (https://man7.org/linux/man-pages/man7/pipe.7.html) and appends to files opened with O_APPEND.
    /// </summary>
    public static void Write(int descriptor, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* pointer = bytes)
        {
            while (Libc.write(descriptor, pointer, (nuint)bytes.Length) < 0 && Libc.LastError == Libc.ErrorInterrupted)
            { }
        }
    }
}
