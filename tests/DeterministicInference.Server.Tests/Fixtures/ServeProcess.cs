using System.Diagnostics;
using System.Net;
using DeterministicInference.Server.Guard;
using Xunit;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>
/// A running <c>serve</c> command with its engine. After its end no process and no state file may be left.
/// </summary>
internal sealed class ServeProcess : ServerProcess
{
    public const string Module = "deterministic_inference.server";

    /// <summary>Key of engines that a test asks directly.</summary>
    public const string EngineKey = "the-engines-key";

    /// <summary>Settings that launch FakeBackend as SGLang.</summary>
    public static readonly string[] FakeSglang =
    [
        "--backend",
        "sglang",
        "--backend-command",
        FakeBackendProcess.Command,
        "--model-path",
        "/models/llama-2-7b",
        "--backend-api-key",
        EngineKey,
    ];

    /// <summary>
    /// Runtime settings with which memory use is stable early: no tiered recompilation, frequent collections, small
    /// regions.
    /// </summary>
    public static readonly (string Name, string Value)[] SteadyMemory =
    [
        ("DOTNET_TieredCompilation", "0"),
        ("DOTNET_GCgen0size", "40000"),
        ("DOTNET_GCgen0MaxBudget", "40000"),
        ("DOTNET_GCRegionSize", "100000"),
    ];

    private readonly ServeLaunch _launch;

    private ServeProcess(Process process, ServeLaunch launch, bool readsOutput)
        : base(process, readsOutput) => _launch = launch;

    public ProcessFamily Family => _launch.Family;

    /// <summary>Folder of the server's state.</summary>
    public string GuardStateDirectory => _launch.GuardStateDirectory;

    /// <summary>State files of engines that may be alive.</summary>
    public IReadOnlyList<string> StateFiles => _launch.StateFiles;

    /// <summary>State of the running engine.</summary>
    public GuardState Guarded =>
        GuardState.Read(Assert.Single(StateFiles)) ?? throw new InvalidOperationException("There is no state file.");

    /// <summary>The engine's main process.</summary>
    public ProcessIdentity EngineIdentity => Guarded.Processes[0];

    /// <summary>Address of the engine.</summary>
    public string EngineUrl { get; private init; } = "";

    /// <summary>Requests straight to the engine.</summary>
    public ApiClient Engine { get; private init; } = null!;

    /// <summary>With the embedded engine, ready.</summary>
    public static Task<ServeProcess> EmbeddedAsync(string modelPath, params string[] arguments) =>
        EmbeddedAsync(ServerProgram.Built, modelPath, arguments);

    public static async Task<ServeProcess> EmbeddedAsync(
        ServerProgram program,
        string modelPath,
        params string[] arguments
    )
    {
        ServeProcess server = await StartAsync(
            program,
            ["--backend", "embedded", "--model-path", modelPath, .. arguments]
        );
        await server.ReadyAsync("Embedded engine");
        return server;
    }

    /// <summary>With FakeBackend as SGLang; not waiting until it is ready.</summary>
    /// <param name="arguments">Further settings.</param>
    /// <param name="environment">FakeBackend's behaviour.</param>
    public static Task<ServeProcess> SglangAsync(
        IEnumerable<string> arguments,
        params IEnumerable<(string Name, string Value)> environment
    ) => StartAsync(ServerProgram.Built, [.. FakeSglang, .. arguments], environment);

    /// <summary>The same, without a log on the console.</summary>
    public static Task<ServeProcess> SglangQuietAsync(IEnumerable<string> arguments) =>
        StartAsync(ServerProgram.Built, [.. FakeSglang, .. arguments], isQuiet: true);

    /// <summary>Starts it on free ports and returns once it listens.</summary>
    /// <param name="program">The build.</param>
    /// <param name="arguments">Settings.</param>
    /// <param name="environment">Variables, the engine's too.</param>
    /// <param name="isQuiet">Whether the console has no log.</param>
    /// <param name="readsOutput">Whether the output is read.</param>
    /// <param name="launch">Where it starts and what it finds there; new by default.</param>
    public static async Task<ServeProcess> StartAsync(
        ServerProgram program,
        IEnumerable<string> arguments,
        IEnumerable<(string Name, string Value)>? environment = null,
        bool isQuiet = false,
        bool readsOutput = true,
        ServeLaunch? launch = null
    )
    {
        launch ??= new ServeLaunch();
        string url = $"http://127.0.0.1:{launch.EnginePort}";
        var server = new ServeProcess(
            program.Start(launch.Arguments(arguments), launch.Environment(environment ?? [])),
            launch,
            readsOutput
        )
        {
            EngineUrl = url,
            Engine = new ApiClient(url),
        };
        server.Engine.Http.DefaultRequestHeaders.Authorization = new("Bearer", EngineKey);
        try
        {
            server.ListensAt($"http://127.0.0.1:{launch.ServerPort}");
            if (readsOutput && !isQuiet)
                await server.LineAsync("Listening on ");
            else
                await server.Api.AnswersAsync("/livez", HttpStatusCode.OK, server);
            return server;
        }
        catch (Exception e)
        {
            server.Abandon();
            throw new InvalidOperationException(
                $"The server did not start: {string.Join('\n', [.. server.Log.Lines, .. server.ErrorLines])}",
                e
            );
        }
    }

    /// <summary>Waits for the line of readiness.</summary>
    /// <param name="engine">Its title.</param>
    /// <param name="times">How often it must have become ready.</param>
    public Task<string> ReadyAsync(string engine, int times = 1) => LineAsync($"| {engine} is ready", times: times);

    /// <summary>The first line that contains a text, or a later one of those, now or later.</summary>
    public async Task<string> LineAsync(
        string text,
        StringComparison comparison = StringComparison.Ordinal,
        int times = 1
    )
    {
        int found = 0;
        try
        {
            // Each line is looked at once, in order.
            return await Log.FindAsync(line => line.Contains(text, comparison) && ++found == times).Within();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException(
                $"No line with '{text}': {string.Join('\n', [.. Log.Lines, .. ErrorLines])}",
                e
            );
        }
    }

    /// <summary>Requests straight to an engine that is ready and listens on a Unix socket.</summary>
    public async Task<ApiClient> OnSocketAsync() => new("http://localhost", await SocketPathAsync());

    /// <summary>The socket of an engine that is ready, as the report of health names it.</summary>
    public async Task<string> SocketPathAsync()
    {
        string url = (string)(await Api.GetAsync("/health")).Json["backend"]!["url"]!;
        Assert.StartsWith("unix:/", url, StringComparison.Ordinal);
        return url["unix:".Length..];
    }

    protected override async ValueTask EndedAsync()
    {
        Engine.Dispose();
        // The guards of a killed server end its engine a moment later. Without this wait they would hide the cause of a
        // failed test.
        if (ExpectedExitCode == Killed)
            await Family.GoneAsync();
        Family.RequireGone();
        Assert.Empty(StateFiles);
    }

    protected override void Abandon()
    {
        base.Abandon();
        Family.EndAll();
    }
}
