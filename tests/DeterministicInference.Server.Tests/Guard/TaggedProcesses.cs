using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Native;
using Xunit;

namespace DeterministicInference.Server.Tests.Guard;

/// <summary>The processes of one test: those that carry its tag. No test signals any other.</summary>
internal sealed class TaggedProcesses(string tag)
{
    /// <summary>All that run, guards included.</summary>
    public IReadOnlyList<ProcessIdentity> Running =>
        [
            .. ProcessTable
                .Scan()
                .Where(process =>
                    !process.IsZombie && ProcessTable.HasVariable(process.Pid, GuardEnvironment.TagName, tag)
                )
                .Select(process => process.Identity),
        ];

    /// <summary>Those whose command line begins with a name.</summary>
    public IReadOnlyList<ProcessIdentity> Named(string name) =>
        [.. Running.Where(process => CommandLine(process.Pid).StartsWith(name + "\0", StringComparison.Ordinal))];

    /// <summary>Waits until so many processes of that name run.</summary>
    public Task WaitForAsync(string name, int count) =>
        Limits.UntilAsync(() => Named(name).Count == count, () => $"{Named(name).Count} of {count} {name}");

    /// <summary>Waits until these do not run any more.</summary>
    public static Task WaitForEndAsync(IReadOnlyList<ProcessIdentity> processes) =>
        Limits.UntilAsync(() => !processes.Any(process => process.IsRunning), () => string.Join("; ", processes));

    /// <summary>Waits until there is one.</summary>
    public static async Task<ProcessIdentity> FindAsync(Func<IReadOnlyList<ProcessIdentity>> search)
    {
        IReadOnlyList<ProcessIdentity> found = [];
        await Limits.UntilAsync(() => (found = search()).Count > 0, () => "none");
        return found[0];
    }

    /// <summary>Waits until none runs.</summary>
    public Task WaitForNoneAsync() => Limits.UntilAsync(() => Running.Count == 0, Describe);

    public void AssertNone() => Assert.True(Running.Count == 0, Describe());

    /// <summary>Signals a process of this test: it must carry the tag and be the one that was seen.</summary>
    public void Signal(ProcessIdentity process, int signal)
    {
        Assert.True(process.Pid > 1 && process.Pid != Environment.ProcessId);
        Assert.True(
            ProcessTable.HasVariable(process.Pid, GuardEnvironment.TagName, tag),
            $"process {process.Pid} is not of this test"
        );
        Assert.True(process.Signal(signal), $"process {process.Pid} is gone");
    }

    /// <summary>Ends processes that a failed test left.</summary>
    public void EndAll() =>
        // Again and again, as one that starts others may do so between the look and the kill.
        SpinWait.SpinUntil(
            () =>
            {
                IReadOnlyList<ProcessIdentity> left = Running;
                foreach (ProcessIdentity process in left)
                    process.Signal(Libc.SigKill);
                return left.Count == 0;
            },
            Limits.Overall
        );

    public static string CommandLine(int pid) =>
        System.Text.Encoding.UTF8.GetString(ProcFile.ReadAll($"/proc/{pid}/cmdline"));

    private string Describe() =>
        string.Join("; ", Running.Select(process => $"{process.Pid} {CommandLine(process.Pid).Replace('\0', ' ')}"));
}
