using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd;

/// <summary>A running <c>engine</c> command on a free port.</summary>
internal sealed partial class EngineProcess : IAsyncDisposable
{
    private const int SigTerm = 15;

    private readonly Process _process;
    private readonly LineLog _output = new(), _error = new();

    private EngineProcess(Process process)
    {
        _process = process;
        _output.Follow(process.StandardOutput);
        _error.Follow(process.StandardError);
    }

    /// <summary>Where it listens, without a slash at the end.</summary>
    public string Url { get; private set; } = "";

    /// <summary>Requests to it.</summary>
    public ApiClient Api { get; private set; } = null!;

    /// <summary>Its standard output.</summary>
    public LineLog Log => _output;

    public IReadOnlyList<string> ErrorLines => _error.Lines;

    /// <summary>Starts the built program with a model and waits until it says that it is ready.</summary>
    public static Task<EngineProcess> StartAsync(string modelPath, params string[] arguments) =>
        StartAsync(ServerProgram.Built, ["--model-path", modelPath, .. arguments]);

    public static async Task<EngineProcess> StartAsync(ServerProgram program, IEnumerable<string> arguments)
    {
        var engine = new EngineProcess(program.Start(["engine", "--port", "0", .. arguments]));
        try
        {
            string ready = await engine.Log.FindAsync(line => line.Contains("Engine ready", StringComparison.Ordinal)).Within();
            engine.Url = ReadyUrl().Match(ready).Groups[1].Value;
            engine.Api = new ApiClient(engine.Url);
            return engine;
        }
        catch (Exception e)
        {
            engine._process.Kill();
            throw new InvalidOperationException($"The engine did not start: {string.Join('\n', engine.ErrorLines)}", e);
        }
    }

    /// <summary>Asks it to end.</summary>
    public void Terminate() => Assert.Equal(0, Kill(_process.Id, SigTerm));

    /// <summary>Its exit code, once it has ended and all its output has been read.</summary>
    public async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync().Within();
        await _output.End.Within();
        await _error.End.Within();
        return _process.ExitCode;
    }

    /// <summary>Ends it in good order, which is itself an expectation.</summary>
    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        try
        {
            if (!_process.HasExited) Terminate();
            Assert.Equal(0, await WaitForExitAsync());
            Assert.Empty(ErrorLines);
        }
        finally
        {
            if (!_process.HasExited) _process.Kill();
            _process.Dispose();
        }
    }

    [GeneratedRegex(@"Engine ready: model \S+ at (http://\S+), ")]
    private static partial Regex ReadyUrl();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
