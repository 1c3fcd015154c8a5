using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DeterministicInference.Receipts.Tests.Servers;

/// <summary>Gives scripted answers on a real socket, one to each connection.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<string, string> _script;
    private readonly Task _serving;

    /// <param name="script">The text of the whole answer to a request of this path.</param>
    public ScriptedServer(Func<string, string> script)
    {
        _script = script;
        _listener.Start();
        _serving = ServeAsync();
    }

    public string Url => $"http://{_listener.LocalEndpoint}";

    /// <summary>An answer with further header lines, each with its end.</summary>
    public static string Answer(int status, string headers, string body) =>
        $"HTTP/1.1 {status} Scripted\r\nConnection: close\r\n"
        + string.Create(CultureInfo.InvariantCulture, $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n")
        + $"{headers}\r\n{body}";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                await AnswerAsync(client.GetStream());
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, Encoding.Latin1, leaveOpen: true);
        string path = (await reader.ReadLineAsync())!.Split(' ')[1];
        int length = 0;
        while (await reader.ReadLineAsync() is { Length: > 0 } line)
        {
            if (line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase))
                length = int.Parse(line["Content-Length: ".Length..], CultureInfo.InvariantCulture);
        }
        // A read of nothing would wait for a byte all the same.
        if (length > 0)
            await reader.ReadBlockAsync(new char[length]);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(_script(path)));
    }
}
