using DeterministicInference.Server.Native;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace DeterministicInference.Server.Tests.Native;

public sealed class PosixSpawnTests
{
    /// <summary>
    /// Signals 32 and 33, which glibc keeps for itself and lets a child ignore (2.41,
    /// sysdeps/unix/sysv/linux/spawni.c, __spawni_child).
    /// </summary>
    private const ulong OfTheCLibrary = 3UL << 31;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>
    /// The .NET runtime ignores SIGPIPE, and a process hands on what it ignores: an engine that inherited this would
    /// not end with the reader of its output.
    /// </summary>
    [Fact]
    public async Task A_child_leads_a_session_of_its_own_with_every_signal_at_its_default()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");
        Assert.NotEqual(0UL, Signals(await File.ReadAllTextAsync("/proc/self/status", Cancellation), "SigIgn"));
        // By the shell's own commands: around the start of another program, dash blocks every signal
        // (0.5.12, src/jobs.c, vforkexec).
        (int pid, string output) = await RunAsync(
            "for file in stat status; do while IFS= read -r line; do echo \"$line\"; done </proc/self/$file; done"
        );
        Assert.Equal(0UL, Signals(output, "SigIgn") & ~OfTheCLibrary);
        Assert.Equal(0UL, Signals(output, "SigBlk"));
        // proc_pid_stat(5): after the name in brackets come state, parent, group and session.
        string[] fields = output[(output.IndexOf(')', StringComparison.Ordinal) + 2)..].Split(' ');
        Assert.Equal([$"{Environment.ProcessId}", $"{pid}", $"{pid}"], fields[1..4]);
    }

    [Fact]
    public async Task A_child_has_its_environment_and_nothing_of_the_parents()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");
        Assert.NotNull(Environment.GetEnvironmentVariable("PATH"));
        (_, string output) = await RunAsync("tr '\\0' '\\n' </proc/$$/environ", "A=1", "B=ü \n'x'");
        Assert.Equal("A=1\nB=ü \n'x'\n", output);
    }

    [Fact]
    public void A_missing_program_is_recognised_by_its_error()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");
        using var environment = new NativeStrings();
        int error = PosixSpawn.Start(["/nowhere/no-program"], environment, [], emptyInput: true, out int pid);
        Assert.Equal((Libc.ErrorNoEntry, 0), (error, pid));
    }

    [Fact]
    public void A_text_that_C_would_cut_short_is_refused()
    {
        using var strings = new NativeStrings();
        Assert.Throws<ArgumentException>(() => strings.Add("a\0b"));
    }

    private static async Task<(int Pid, string Output)> RunAsync(string script, params string[] variables)
    {
        using var environment = new NativeStrings(variables);
        using var output = new Pipe();
        int error = PosixSpawn.Start(
            ["/bin/sh", "-c", script],
            environment,
            [(output.Writer, 1)],
            emptyInput: true,
            out int pid
        );
        Assert.Equal(0, error);
        using (new SafeFileHandle(output.TakeWriter(), ownsHandle: true)) { }
        await using var stream = new FileStream(
            new SafeFileHandle(output.TakeReader(), ownsHandle: true),
            FileAccess.Read
        );
        using var reader = new StreamReader(stream);
        string text = await reader.ReadToEndAsync(Cancellation).WaitAsync(Limits.Overall, Cancellation);
        Assert.Equal(0, Reap(pid));
        return (pid, text);
    }

    private static unsafe int Reap(int pid)
    {
        int status;
        Assert.Equal(pid, Libc.waitpid(pid, &status, 0));
        return new WaitStatus(status).ShellCode;
    }

    private static ulong Signals(string status, string name) =>
        Convert.ToUInt64(
            status.Split('\n').First(line => line.StartsWith(name + ":", StringComparison.Ordinal)).Split('\t')[1],
            16
        );
}
