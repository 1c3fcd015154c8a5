using System.Text;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Native;
using DeterministicInference.Server.OpenAI;
using Xunit;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>All processes that run because a test started a server, identified by an inherited variable.</summary>
internal sealed class ProcessFamily
{
    private const string Variable = "DIS_TEST_FAMILY";

    private readonly string _name = ResponseIds.Request();

    public (string Name, string Value) Mark => (Variable, _name);

    public IReadOnlyList<ProcessEntry> Members =>
        [
            .. ProcessTable
                .Scan()
                .Where(entry => !entry.IsZombie && ProcessTable.HasVariable(entry.Pid, Variable, _name)),
        ];

    /// <summary>Signals one of them: it must carry the mark and be the process that was seen.</summary>
    public void Signal(ProcessIdentity member, int signal)
    {
        Assert.True(member.Pid > 1 && member.Pid != Environment.ProcessId);
        Assert.True(ProcessTable.HasVariable(member.Pid, Variable, _name), $"process {member.Pid} is not of this test");
        Assert.True(member.Signal(signal), $"process {member.Pid} is gone");
    }

    /// <summary>Waits until no process is left.</summary>
    public Task GoneAsync() => Limits.UntilAsync(() => Members.Count == 0, Describe);

    /// <summary>Ends processes that a failed test left.</summary>
    public void EndAll() =>
        // Again and again, as one that starts others may do so between the look and the kill.
        SpinWait.SpinUntil(
            () =>
            {
                IReadOnlyList<ProcessEntry> left = Members;
                foreach (ProcessEntry member in left)
                    member.Identity.Signal(Libc.SigKill);
                return left.Count == 0;
            },
            Limits.Overall
        );

    /// <summary>The members' command lines, for messages.</summary>
    public string Describe() =>
        string.Join(
            '\n',
            Members.Select(entry =>
                $"{entry.Pid} {Encoding.UTF8.GetString(ProcFile.ReadAll($"/proc/{entry.Pid}/cmdline")).Replace('\0', ' ')}"
            )
        );

    /// <summary>Fails where a member is left.</summary>
    public void RequireGone() => Assert.Equal("", Describe());
}
