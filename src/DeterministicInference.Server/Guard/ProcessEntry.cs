using System.Buffers.Text;
using System.Globalization;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Guard;

/// <summary>What <c>/proc/PID/stat</c> says about a process
/// (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html).</summary>
internal readonly record struct ProcessEntry(ProcessIdentity Identity, int Parent, bool IsZombie)
{
    public int Pid => Identity.Pid;

    /// <summary>The entry, or null if there is no such process.</summary>
    public static ProcessEntry? Read(int pid)
    {
        Span<byte> buffer = stackalloc byte[1024];
        int length = ProcFile.Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"), buffer);
        ReadOnlySpan<byte> text = buffer[..Math.Max(length, 0)];
        // The name in brackets may itself contain brackets and spaces.
        int nameEnd = text.LastIndexOf((byte)')');
        if (nameEnd < 0)
            return null;
        text = text[(nameEnd + 2)..];
        byte state = text[0];
        int parent = 0;
        for (int field = 3; ; field++)
        {
            int end = text.IndexOf((byte)' ');
            if (end < 0)
                return null;
            if (field == 4 && !Utf8Parser.TryParse(text, out parent, out _))
                return null;
            if (field == 22)
                return Utf8Parser.TryParse(text, out long start, out _)
                    ? new ProcessEntry(new ProcessIdentity(pid, start), parent, state is (byte)'Z' or (byte)'X')
                    : null;
            text = text[(end + 1)..];
        }
    }
}
