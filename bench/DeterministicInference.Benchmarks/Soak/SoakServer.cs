using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Benchmarks.Soak;

/// <summary>A <c>serve</c> command with FakeBackend as its engine, which it launches and ends itself.</summary>
internal sealed class SoakServer : IAsyncDisposable
{
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(90);

    private readonly Process _process;
    private readonly DirectoryInfo _state;

    private SoakServer(Process process, DirectoryInfo state, Uri url, Uri engine)
    {
        _process = process;
        _state = state;
        Url = url;
        Engine = engine;
    }

    public int Pid => _process.Id;

    public Uri Url { get; }

    public IPEndPoint Address => new(IPAddress.Loopback, Url.Port);

    public Uri Engine { get; }

    /// <summary>Where it keeps what outlives it.</summary>
    public string StateFolder => _state.FullName;

    /// <param name="program">The server: an executable, or a .dll for the runtime that runs this.</param>
    /// <param name="fakeBackend">FakeBackend's executable.</param>
    /// <param name="own">Further settings.</param>
    /// <param name="cancellation">Ends the start.</param>
    public static async Task<SoakServer> StartAsync(
        string program,
        string fakeBackend,
        IReadOnlyList<string> own,
        CancellationToken cancellation
    )
    {
        bool isManaged = Path.GetExtension(program) == ".dll";
        string runtime = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        (int port, int enginePort) = FreePorts();
        DirectoryInfo state = Directory.CreateTempSubdirectory("soak-");
        string[] arguments =
        [
            .. isManaged ? (string[])[Path.GetFullPath(program)] : [],
            "serve",
            "--backend",
            "sglang",
            "--backend-command",
            Path.GetFullPath(fakeBackend),
            "--model-path",
            "soak/model",
            "--proxy-host",
            "127.0.0.1",
            "--proxy-port",
            $"{port}",
            "--backend-port",
            $"{enginePort}",
            .. own,
        ];
        var start = new ProcessStartInfo(isManaged ? Path.Combine(runtime, "dotnet") : program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        start.Environment["XDG_STATE_HOME"] = state.FullName;
        start.Environment["DOTNET_ROOT"] = runtime;
        start.Environment["FAKE_KEEP_REQUESTS"] = "0";
        var server = new SoakServer(
            Process.Start(start)!,
            state,
            new Uri($"http://127.0.0.1:{port}"),
            new Uri($"http://127.0.0.1:{enginePort}")
        );
        try
        {
            while (await server._process.StandardOutput.ReadLineAsync(cancellation) is { } line)
            {
                if (!line.Contains("| SGLang server is ready", StringComparison.Ordinal))
                    continue;
                // The log must have a reader; what it says of every request is checked by the answers.
                _ = server._process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
                return server;
            }
            throw new InvalidOperationException($"{program} ended before it was ready.");
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Asks it to end, which ends the engine too.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _ = Libc.kill(_process.Id, Libc.SigTerm);
        try
        {
            await _process.WaitForExitAsync().WaitAsync(LongestEnd);
        }
        catch (TimeoutException)
        {
            _process.Kill();
        }
        _process.Dispose();
        _state.Delete(recursive: true);
    }

    private static (int, int) FreePorts()
    {
        using var one = new TcpListener(IPAddress.Loopback, 0);
        using var two = new TcpListener(IPAddress.Loopback, 0);
        one.Start();
        two.Start();
        return (((IPEndPoint)one.LocalEndpoint).Port, ((IPEndPoint)two.LocalEndpoint).Port);
    }
}
