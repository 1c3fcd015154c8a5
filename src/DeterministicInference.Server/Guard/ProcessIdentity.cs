using System.Globalization;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Guard;

/// <summary>One process of this boot: its number alone may be given to another process later.</summary>
/// <param name="Pid">Its number.</param>
/// <param name="Start">When it started: clock ticks since boot, field 22 of <c>/proc/PID/stat</c>.</param>
internal readonly record struct ProcessIdentity(int Pid, long Start)
{
    public static ProcessIdentity Own => Of(Environment.ProcessId);

    /// <summary>The process that has this number now; start 0 if none has.</summary>
    public static ProcessIdentity Of(int pid) => new(pid, ProcessEntry.Read(pid)?.Identity.Start ?? 0);

    /// <summary>
    /// Whether it still runs. A zombie does not. Without a free descriptor every process with its number counts.
    /// </summary>
    public bool IsRunning
    {
        get
        {
            if (ProcessEntry.Read(Pid) is { } entry)
                return !entry.IsZombie && entry.Identity == this;
            return ProcFile.LacksDescriptors && (Libc.kill(Pid, 0) == 0 || Libc.LastError == Libc.ErrorNoPermission);
        }
    }

    /// <summary>Sends a signal to this very process.</summary>
    /// <returns>False if it is not there any more, or may not be signalled.</returns>
    public bool Signal(int signal)
    {
        int descriptor = Libc.pidfd_open(Pid);
        if (descriptor < 0)
            return Libc.LastError == Libc.ErrorNoSystemCall && IsRunning && Libc.kill(Pid, signal) == 0;
        try
        {
            // The descriptor is of the process that has the number now; whether that is the right one is checked
            // afterwards.
            return IsRunning && Libc.pidfd_send_signal(descriptor, signal) == 0;
        }
        finally
        {
            _ = Libc.close(descriptor);
        }
    }

    public static ProcessIdentity? Parse(ReadOnlySpan<char> text)
    {
        int space = text.IndexOf(' ');
        return
            space > 0
            && int.TryParse(text[..space], NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
            && pid > 1
            && long.TryParse(text[(space + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out long start)
            && start > 0
            ? new ProcessIdentity(pid, start)
            : null;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Pid} {Start}");
}
