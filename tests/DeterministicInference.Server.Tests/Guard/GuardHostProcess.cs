using System.Diagnostics;
using DeterministicInference.Server.Guard;

namespace DeterministicInference.Server.Tests.Guard;

/// <summary>tests/GuardHost with an engine: a server that may be killed, and the program of its own guards.</summary>
internal sealed class GuardHostProcess : IAsyncDisposable
{
    private readonly TemporaryStateFolder _folder = new();
    private readonly Bystanders _bystanders = new();
    private readonly Process _process;
    private readonly LineLog _output = new();

    /// <param name="script">Script of the engine.</param>
    /// <param name="grace">Grace of the engine after the end of the server.</param>
    /// <param name="prefix">What starts the host: a command that ends with executing its arguments.</param>
    private GuardHostProcess(string script, TimeSpan grace, string[] prefix)
    {
        Settings = new GuardSettings(_folder.Path) { Grace = grace };
        Processes = new TaggedProcesses(Settings.Tag);
        string[] command =
        [
            .. prefix,
            ServerProgram.Built.File,
            Path.Combine(AppContext.BaseDirectory, "GuardHost.dll"),
            _folder.Path,
            Settings.Tag,
            $"{(int)grace.TotalMilliseconds}",
            "sh",
            "-c",
            script,
        ];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        _process = Process.Start(start)!;
        _output.Follow(_process.StandardOutput);
    }

    public GuardSettings Settings { get; }

    public TaggedProcesses Processes { get; }

    public GuardState State => GuardState.Read(StateFile)!;

    public bool HasStateFile => File.Exists(StateFile);

    public string Folder => _folder.Path;

    private string StateFile => Path.Combine(_folder.Path, Settings.Tag + GuardState.Extension);

    /// <summary>Starts a script and waits until it is ready.</summary>
    public static async Task<GuardHostProcess> ReadyAsync(string script, TimeSpan grace, params string[] prefix)
    {
        var host = new GuardHostProcess(script, grace, prefix);
        try
        {
            await host.FindAsync("line ready");
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits for a line of the host that begins so.</summary>
    public Task<string> FindAsync(string beginning) =>
        _output.FindAsync(line => line.StartsWith(beginning, StringComparison.Ordinal)).Within();

    /// <summary>kill -9. It is this process's own child.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Lets the server exit without stopping the engine.</summary>
    public void Leave() => _process.StandardInput.Close();

    public Task ExitAsync() => _process.WaitForExitAsync().Within();

    public void AssertBystandersUnharmed() => _bystanders.AssertUnharmed();

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await ExitAsync();
        Processes.EndAll();
        _process.Dispose();
        _bystanders.Dispose();
        _folder.Dispose();
    }
}
