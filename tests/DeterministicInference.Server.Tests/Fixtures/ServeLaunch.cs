using DeterministicInference.Server.Guard;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>Starts <c>serve</c> isolated from the machine: own ports, own state folder, known processes.</summary>
internal sealed class ServeLaunch
{
    public int ServerPort { get; init; } = FreePort.Next();

    public int EnginePort { get; init; } = FreePort.Next();

    /// <summary>Whether the engine is told its port; else the server decides where it listens.</summary>
    public bool GivesPort { get; init; } = true;

    public string GuardStateDirectory { get; init; } = TestModels.NewFolder("state");

    public ProcessFamily Family { get; } = new();

    /// <summary>Files about engines that may be alive.</summary>
    public IReadOnlyList<string> StateFiles =>
        Directory.GetFiles(GuardStateDirectory, "*" + GuardState.Extension, SearchOption.AllDirectories);

    /// <param name="own">Settings of the test.</param>
    public IEnumerable<string> Arguments(IEnumerable<string> own) =>
        ["--proxy-port", $"{ServerPort}", .. GivesPort ? (string[])["--backend-port", $"{EnginePort}"] : [], .. own];

    /// <param name="own">Variables of the test.</param>
    public IEnumerable<(string Name, string Value)> Environment(IEnumerable<(string Name, string Value)> own) =>
        // FakeBackend's executable looks for the runtime that runs the tests.
        [
            ("XDG_STATE_HOME", GuardStateDirectory),
            ("XDG_RUNTIME_DIR", ""),
            ("DOTNET_ROOT", Path.GetFullPath(Path.GetDirectoryName(ServerProgram.Built.File)!)),
            Family.Mark,
            .. own,
        ];

    /// <summary>Runs the command to its end, which must leave no process.</summary>
    public async Task<CommandResult> RunAsync(
        IEnumerable<string> arguments,
        params IEnumerable<(string Name, string Value)> environment
    )
    {
        CommandResult result = await ServerProgram.Built.RunAsync(Arguments(arguments), Environment(environment));
        Family.RequireGone();
        Xunit.Assert.Empty(StateFiles);
        return result;
    }
}
