using System.Diagnostics;
using System.Runtime.InteropServices;
using Xunit;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>A running command of the server. Its standard input is a pipe that stays open.</summary>
internal abstract partial class ServerProcess : IAsyncDisposable
{
    /// <summary>Exit code of a process that SIGKILL ended.</summary>
    protected const int Killed = 128 + 9;

    private const int SigTerm = 15;

    private readonly Process _process;
    private readonly LineLog _output = new(),
        _error = new();

    /// <param name="process">The process from <see cref="ServerProgram.Start"/>.</param>
    /// <param name="readsOutput">Whether standard output is read.</param>
    protected ServerProcess(Process process, bool readsOutput = true)
    {
        _process = process;
        if (readsOutput)
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

    /// <summary>How it must have ended when the test is over.</summary>
    public int ExpectedExitCode { get; set; }

    public bool HasExited => _process.HasExited;

    public int Id => _process.Id;

    /// <summary>Asks it to end.</summary>
    public void Terminate() => Assert.Equal(0, Signal(_process.Id, SigTerm));

    /// <summary>kill -9. It is this process's own child.</summary>
    public void Kill()
    {
        ExpectedExitCode = Killed;
        _process.Kill();
    }

    /// <summary>Closes standard input, as the end of an owner does.</summary>
    public void CloseInput() => _process.StandardInput.Close();

    /// <summary>Reads its standard output, which must not be read elsewhere, up to a line with a text.</summary>
    public async Task ReadOutputAsync(string text)
    {
        string? line;
        do line = await _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().Within();
        while (line?.Contains(text, StringComparison.Ordinal) == false);
        Assert.NotNull(line);
    }

    /// <summary>Closes the reading end of its standard output, which must not be read elsewhere.</summary>
    public void CloseOutput() => _process.StandardOutput.Close();

    /// <summary>Its exit code, once it has ended and all its output has been read.</summary>
    public async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync().Within();
        await _output.End.Within();
        await _error.End.Within();
        return _process.ExitCode;
    }

    /// <summary>Ends the process regularly, which is itself an assertion.</summary>
    public async ValueTask DisposeAsync()
    {
        Api?.Dispose();
        try
        {
            if (!_process.HasExited)
                Terminate();
            int code = await WaitForExitAsync();
            Assert.True(
                code == ExpectedExitCode && ErrorLines.Count == 0,
                $"exit code {code}, standard error: {string.Join('\n', ErrorLines)}"
            );
            await EndedAsync();
        }
        finally
        {
            Abandon();
            _process.Dispose();
        }
    }

    /// <summary>Further assertions after the end.</summary>
    protected virtual ValueTask EndedAsync() => ValueTask.CompletedTask;

    /// <summary>Kills the process.</summary>
    protected virtual void Abandon()
    {
        if (!_process.HasExited)
            _process.Kill();
    }

    /// <summary>Called once the address is known.</summary>
    protected void ListensAt(string url)
    {
        Url = url;
        Api = new ApiClient(url);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Signal(int pid, int signal);
}
