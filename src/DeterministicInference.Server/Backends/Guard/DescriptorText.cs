using System.Text;

namespace DeterministicInference.Server.Backends.Guard;

/// <summary>Writes short text to descriptors whose other end may be gone.</summary>
internal static unsafe class DescriptorText
{
    /// <summary>One write call, which pipes and files opened for appending take as a whole.</summary>
    public static void Write(int descriptor, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* pointer = bytes)
        {
            while (Libc.write(descriptor, pointer, (nuint)bytes.Length) < 0 && Libc.LastError == Libc.ErrorInterrupted)
            {
            }
        }
    }
}
