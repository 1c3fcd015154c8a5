using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace DeterministicInference.Server.Native;

/// <summary>Runs a program to its end and takes what it writes to its standard output.</summary>
internal static unsafe class ChildOutput
{
    /// <param name="command">The program, looked up in PATH where it has no slash, and its arguments.</param>
    /// <param name="variables">Its environment.</param>
    /// <param name="limit">How long it may take; then it is killed, with every process of its group.</param>
    /// <param name="most">How many bytes it may write.</param>
    /// <returns>
    /// Null if it can't be started, takes too long, writes too much, or ends with another code than 0.
    /// </returns>
    public static byte[]? Read(
        IReadOnlyList<string> command,
        IReadOnlyDictionary<string, string> variables,
        TimeSpan limit,
        int most
    )
    {
        if (!OperatingSystem.IsLinux())
            return null;
        try
        {
            using var output = new Pipe();
            using SafeFileHandle nowhere = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Write);
            using var environment = new NativeStrings(
                variables.Where(variable => !variable.Value.Contains('\0')).Select(pair => $"{pair.Key}={pair.Value}")
            );
            int failure = PosixSpawn.Start(
                command,
                environment,
                [(output.Writer, 1), ((int)nowhere.DangerousGetHandle(), 2)],
                emptyInput: true,
                out int pid
            );
            if (failure != 0)
                return null;
            // Else the pipe would never end.
            _ = Libc.close(output.TakeWriter());
            byte[]? written = ReadAll(output.Reader, limit, most);
            // It leads a group of its own; after the end of its output nothing of it is of use.
            if (written is null)
                _ = Libc.kill(-pid, Libc.SigKill);
            int status = 0;
            while (Libc.waitpid(pid, &status, 0) < 0 && Libc.LastError == Libc.ErrorInterrupted) { }
            return status == 0 ? written : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static byte[]? ReadAll(int descriptor, TimeSpan limit, int most)
    {
        long began = Stopwatch.GetTimestamp();
        using var written = new MemoryStream();
        byte[] buffer = new byte[1 << 16];
        while (written.Length <= most)
        {
            TimeSpan left = limit - Stopwatch.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
                return null;
            var poll = new PollDescriptor(descriptor);
            int ready = Libc.poll(&poll, 1, (int)Math.Ceiling(left.TotalMilliseconds));
            if (ready == 0 || (ready < 0 && Libc.LastError == Libc.ErrorInterrupted))
                continue;
            nint count;
            fixed (byte* target = buffer)
                count = ready < 0 ? -1 : Libc.read(descriptor, target, (nuint)buffer.Length);
            if (count < 0 && Libc.LastError == Libc.ErrorInterrupted)
                continue;
            if (count < 0)
                return null;
            if (count == 0)
                return written.ToArray();
            written.Write(buffer, 0, (int)count);
        }
        return null;
    }
}
