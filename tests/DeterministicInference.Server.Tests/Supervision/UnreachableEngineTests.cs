using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Supervision;

/// <summary>
/// An engine of --backend-url that can't be reached: doctor and serve have the same finding, which names the cause and
/// its remedy. EngineSupervisorTests shows it in /health.
/// </summary>
public sealed class UnreachableEngineTests : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly List<Task> _listeners = [];

    [Fact]
    public Task Nothing_listens() =>
        IsSaidAsync(
            $"http://127.0.0.1:{FreePort.Next()}",
            "no connection. Start it, or correct the address in --backend-url."
        );

    /// <summary>The domain is reserved for names that do not exist (RFC 6761, section 6.4).</summary>
    [Fact]
    public Task The_name_does_not_exist() =>
        IsSaidAsync(
            "http://engine.invalid:8000",
            "the name of its host can't be resolved. Correct the name in --backend-url."
        );

    [Fact]
    public Task Another_protocol_is_spoken() =>
        IsSaidAsync(
            Listen(async stream => await stream.WriteAsync("SSH-2.0-OpenSSH_9.6\r\n"u8.ToArray())),
            "what answers speaks no HTTP. Give --backend-url with https:// if the engine expects TLS there; otherwise "
                + "correct the address."
        );

    [Fact]
    public async Task TLS_is_expected()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate = new CertificateRequest(
            "CN=localhost",
            key,
            HashAlgorithmName.SHA256
        ).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        string url = Listen(async stream =>
        {
            await using var secure = new SslStream(stream, leaveInnerStreamOpen: true);
            await secure.AuthenticateAsServerAsync(certificate);
        });
        await IsSaidAsync(
            url,
            // Whether the server says why it closes the connection is its own choice.
            "(what answers speaks no HTTP|the connection (ends|breaks) without an answer to /health)\\. Give "
                + "--backend-url with https:// if the engine expects TLS there; otherwise correct the address\\.",
            isPattern: true
        );
    }

    [Fact]
    public Task The_engine_still_loads() =>
        IsSaidAsync(
            Listen(stream => AnswerAsync(stream, "503 Service Unavailable")),
            "/health answers 503. Start it, or raise --backend-startup-timeout if it only needs more time."
        );

    [Fact]
    public Task Something_else_speaks_HTTP_there() =>
        IsSaidAsync(
            Listen(stream => AnswerAsync(stream, "404 Not Found")),
            "/health answers 404. Correct --backend-url, or --backend if another kind of engine answers there."
        );

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_listeners);
        _end.Dispose();
    }

    private static async Task IsSaidAsync(string url, string said, bool isPattern = false)
    {
        string[] settings = ["--backend", "sglang", "--backend-url", url];
        CommandResult doctor = await ServerProgram.Built.RunAsync(["doctor", "--json", .. settings]);
        Assert.Equal((1, ""), (doctor.ExitCode, doctor.Error));
        JsonNode finding = Assert.Single(
            JsonNode.Parse(doctor.Output)!["findings"]!.AsArray(),
            finding => (string?)finding!["code"] == "engine_unreachable"
        )!;
        string text = (string)finding["text"]!;
        Assert.Matches(
            $"^--backend-url: the engine at {url.TrimEnd('/')} is not ready: {(isPattern ? said : System.Text.RegularExpressions.Regex.Escape(said))}$",
            text
        );
        Assert.Equal("refused", (string?)finding["kind"]);

        CommandResult serve = await new ServeLaunch().RunAsync([.. settings, "--backend-startup-timeout", "1s"]);
        Assert.Equal((1, ""), (serve.ExitCode, serve.Error));
        Assert.EndsWith(
            $"| CRITICAL | {ServeProcess.Module} | {text}",
            Assert.Single(serve.Output.Split('\n'), line => line.Contains("| CRITICAL ", StringComparison.Ordinal)),
            StringComparison.Ordinal
        );
    }

    private static async Task AnswerAsync(NetworkStream stream, string status)
    {
        _ = await stream.ReadAsync(new byte[4096]);
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        );
    }

    /// <returns>The URL, by http.</returns>
    private string Listen(Func<NetworkStream, Task> answer)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _listeners.Add(ServeAsync());
        return $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";

        async Task ServeAsync()
        {
            using (listener)
            {
                while (!_end.IsCancellationRequested)
                {
                    try
                    {
                        using TcpClient client = await listener.AcceptTcpClientAsync(_end.Token);
                        await answer(client.GetStream());
                    }
                    catch (Exception e)
                        when (e
                                is IOException
                                    or OperationCanceledException
                                    or System.Security.Authentication.AuthenticationException
                        )
                    {
                        // The other side left, spoke no TLS, or the test is over.
                    }
                }
            }
        }
    }
}
