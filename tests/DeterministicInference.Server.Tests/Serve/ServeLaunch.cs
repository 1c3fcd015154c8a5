using DeterministicInference.Server.Backends.Guard;
using DeterministicInference.Server.Tests.EndToEnd;
using DeterministicInference.Server.Tests.Models;

namespace DeterministicInference.Server.Tests.Serve;

/// <summary>How a test starts <c>serve</c> so that nothing else on the machine matters: own ports, own state folder, known processes.</summary>
internal sealed class ServeLaunch
{
    public int ServerPort { get; init; } = FreePort.Next();

    public int EnginePort { get; init; } = FreePort.Next();

    public string StateFolder { get; } = TestModels.NewFolder("state");

    public ProcessFamily Family { get; } = new();

    /// <summary>Files about engines that may be alive.</summary>
    public IReadOnlyList<string> StateFiles => Directory.GetFiles(StateFolder, "*" + GuardState.Extension, SearchOption.AllDirectories);

    /// <param name="own">Settings of the test.</param>
    public IEnumerable<string> Arguments(IEnumerable<string> own) => ["--proxy-port", $"{ServerPort}", "--backend-port", $"{EnginePort}", .. own];

    /// <param name="own">Variables of the test.</param>
    public IEnumerable<(string Name, string Value)> Environment(IEnumerable<(string Name, string Value)> own) =>
        // FakeBackend's executable looks for the runtime that runs the tests.
        [("XDG_STATE_HOME", StateFolder), ("DOTNET_ROOT", Path.GetFullPath(Path.GetDirectoryName(ServerProgram.Built.File)!)), Family.Mark, .. own];

    /// <summary>Runs it to its end, which must leave nothing.</summary>
    public async Task<CommandResult> RunAsync(IEnumerable<string> arguments, params IEnumerable<(string Name, string Value)> environment)
    {
        CommandResult result = await ServerProgram.Built.RunAsync(Arguments(arguments), Environment(environment));
        Family.RequireGone();
        Xunit.Assert.Empty(StateFiles);
        return result;
    }
}
