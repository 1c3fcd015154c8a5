using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Guard;
using Xunit;

namespace DeterministicInference.Server.Tests.Guard;

/// <summary>An engine model under guard, started by this process, in a state folder of its own.</summary>
internal sealed class TestEngine : IAsyncDisposable
{
    public const string Ready = "ready";

    private readonly TemporaryStateFolder _folder = new();
    private readonly Bystanders _bystanders = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<string> _lines = [];

    private TestEngine(EngineLaunch launch, Func<GuardSettings, GuardSettings>? change, Action<string>? onLine)
    {
        var settings = new GuardSettings(_folder.Path)
        {
            Program = [ServerProgram.Built.File, .. ServerProgram.Built.Leading],
        };
        Settings = change?.Invoke(settings) ?? settings;
        Processes = new TaggedProcesses(Settings.Tag);
        Process = GuardedProcess.Start(launch, Settings, onLine ?? TakeLine);
    }

    public GuardSettings Settings { get; }

    public GuardedProcess Process { get; }

    public TaggedProcesses Processes { get; }

    public Task ReadyLine => _ready.Task.Within();

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    public ProcessIdentity Engine => ProcessIdentity.Of(Process.EnginePid!.Value);

    public GuardState State =>
        GuardState.Read(StateFile) ?? throw new InvalidOperationException("There is no state file.");

    public ProcessIdentity InnerGuard => State.Guards[1];

    public ProcessIdentity OuterGuard => State.Guards[0];

    private string StateFile => Path.Combine(_folder.Path, Settings.Tag + GuardState.Extension);

    public static TestEngine Start(string file, params string[] arguments) =>
        new(new EngineLaunch(file, arguments, new Dictionary<string, string>()), null, null);

    public static TestEngine Start(
        EngineLaunch launch,
        Action<string>? onLine = null,
        Func<GuardSettings, GuardSettings>? change = null
    ) => new(launch, change, onLine);

    /// <summary>Starts a script and waits until it is ready.</summary>
    public static async Task<TestEngine> ReadyAsync(string script, Func<GuardSettings, GuardSettings>? change = null)
    {
        var engine = new TestEngine(
            new EngineLaunch("sh", ["-c", script], new Dictionary<string, string>()),
            change,
            null
        );
        await Task.WhenAny(engine.ReadyLine, engine.Process.Exited).Within();
        Assert.False(engine.Process.Exited.IsCompleted, string.Join('\n', engine.Lines));
        Assert.NotNull(await engine.Process.Started.Within());
        return engine;
    }

    /// <summary>How the engine ended; no process of it may be left, and no other process may be harmed.</summary>
    public async Task<EngineExit> ExitAsync()
    {
        EngineExit exit = await Process.Exited.Within();
        Processes.AssertNone();
        Assert.Empty(exit.Remaining);
        Assert.False(File.Exists(StateFile), "the state file is left");
        _bystanders.AssertUnharmed();
        return exit;
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync().AsTask().WaitAsync(Limits.Overall);
        Processes.EndAll();
        _bystanders.Dispose();
        _folder.Dispose();
    }

    private void TakeLine(string line)
    {
        lock (_lines)
            _lines.Add(line);
        if (line == Ready)
            _ready.TrySetResult();
    }
}
