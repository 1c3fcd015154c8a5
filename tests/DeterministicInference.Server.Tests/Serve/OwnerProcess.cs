using System.Diagnostics;
using System.Text;
using DeterministicInference.Server.Native;
using DeterministicInference.Server.Tests.Documentation;
using Xunit;

namespace DeterministicInference.Server.Tests.Serve;

/// <summary>
/// A program of <c>samples/</c> that has started a server of its own. It lives until Enter, or until it is killed.
/// </summary>
internal sealed class OwnerProcess : IAsyncDisposable
{
    private readonly ServeLaunch _launch;
    private readonly Process _process;
    private readonly LineLog _output = new(),
        _error = new();

    private OwnerProcess(ServeLaunch launch, Process process)
    {
        (_launch, _process) = (launch, process);
        _output.Follow(process.StandardOutput);
        _error.Follow(process.StandardError);
        (Server, Engine) = (
            new ApiClient($"http://127.0.0.1:{launch.ServerPort}"),
            new ApiClient($"http://127.0.0.1:{launch.EnginePort}")
        );
    }

    /// <summary>Requests to the server.</summary>
    public ApiClient Server { get; }

    /// <summary>Requests straight to its engine.</summary>
    public ApiClient Engine { get; }

    public ProcessFamily Family => _launch.Family;

    public IReadOnlyList<string> StateFiles => _launch.StateFiles;

    /// <summary>The name of the process that was started, which may have become another program since.</summary>
    public string Name => Encoding.UTF8.GetString(ProcFile.ReadAll($"/proc/{_process.Id}/comm")).Trim();

    /// <summary>
    /// Starts the sample of a language with a server command line, and waits until it has its answer.
    /// </summary>
    /// <param name="language">"erlang" or "node".</param>
    /// <param name="arguments">Settings of the server.</param>
    /// <param name="environment">Variables, the engine's too.</param>
    public static async Task<OwnerProcess> AnsweredAsync(
        string language,
        IEnumerable<string> arguments,
        params IEnumerable<(string Name, string Value)> environment
    )
    {
        var launch = new ServeLaunch();
        string program = language == "erlang" ? "escript" : "node";
        Assert.SkipWhen(Find(program) is null, language == "erlang" ? "skipped: needs Erlang" : "skipped: needs Node");
        string[] server = [ServerProgram.Built.File, .. ServerProgram.Built.Leading, .. launch.Arguments(arguments)];
        string sample = Path.Combine(
            RepositoryFiles.Root,
            "samples",
            language == "erlang" ? "erlang/inference_port.escript" : "node/inference-server.mjs"
        );
        // A port's command is a line for the shell.
        string[] command = language == "erlang" ? [string.Join(' ', server.Select(word => $"'{word}'"))] : server;
        var start = new ProcessStartInfo(Find(program)!, [sample, $"http://127.0.0.1:{launch.ServerPort}", .. command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in launch.Environment(environment))
            start.Environment[name] = value;
        var owner = new OwnerProcess(launch, Process.Start(start)!);
        try
        {
            await owner.LineAsync("answer: ");
            return owner;
        }
        catch
        {
            await owner.DisposeAsync();
            throw;
        }
    }

    /// <summary>The first line of its output that contains a text, now or later.</summary>
    public async Task<string> LineAsync(string text)
    {
        try
        {
            return await _output.FindAsync(line => line.Contains(text, StringComparison.Ordinal)).Within();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new InvalidOperationException(
                $"No line with '{text}': {string.Join('\n', [.. _output.Lines, .. _error.Lines])}",
                e
            );
        }
    }

    /// <summary>Presses Enter, upon which the program abandons its server.</summary>
    public void PressEnter() => _process.StandardInput.WriteLine();

    /// <summary>kill -9. It is this process's own child.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Its exit code.</summary>
    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync().Within();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Server.Dispose();
        Engine.Dispose();
        if (!_process.HasExited)
            _process.Kill();
        await ExitAsync();
        _process.Dispose();
        Family.EndAll();
    }

    /// <summary>Where a program is installed; null if it is not.</summary>
    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);
}
