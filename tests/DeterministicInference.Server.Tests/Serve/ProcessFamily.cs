using System.Text;
using DeterministicInference.Server.Backends.Guard;
using DeterministicInference.Server.EngineHost;
using DeterministicInference.Server.Tests.EndToEnd;
using Xunit;

namespace DeterministicInference.Server.Tests.Serve;

/// <summary>Everything that runs because a test started one server: known by a variable that all of them inherit.</summary>
internal sealed class ProcessFamily
{
    private const string Variable = "DIS_TEST_FAMILY";

    private readonly string _name = ResponseIds.Request();

    public (string Name, string Value) Mark => (Variable, _name);

    public IReadOnlyList<ProcessEntry> Members => [.. ProcessTable.Scan().Where(entry => !entry.IsZombie && ProcessTable.HasVariable(entry.Pid, Variable, _name))];

    /// <summary>The engine: of this family, the one process that has started no other.</summary>
    public ProcessIdentity Engine
    {
        get
        {
            IReadOnlyList<ProcessEntry> members = Members;
            // Server, two guards, engine.
            Assert.Equal(4, members.Count);
            return Assert.Single(members, entry => members.All(other => other.Parent != entry.Pid)).Identity;
        }
    }

    /// <summary>The members' command lines, for messages.</summary>
    public string Describe() => string.Join('\n', Members.Select(entry => $"{entry.Pid} {Encoding.UTF8.GetString(ProcFile.ReadAll($"/proc/{entry.Pid}/cmdline")).Replace('\0', ' ')}"));

    /// <summary>Fails where a member is left.</summary>
    public void RequireGone() => Assert.Equal("", Describe());
}
