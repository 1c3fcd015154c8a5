using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>An engine on bare sockets: the test controls every byte of its answers and counts what arrives.</summary>
internal sealed class RawEngine : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly Func<RawExchange, Task> _answer;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<RawExchange> _exchanges = [];
    private readonly Task _serving;
    private int _connections;

    private RawEngine(Socket listener, EndPoint address, Func<RawExchange, Task> answer)
    {
        _answer = answer;
        _listener = listener;
        _listener.Bind(address);
        _listener.Listen();
        Port = _listener.LocalEndPoint is IPEndPoint { Port: var port } ? port : 80;
        _serving = AcceptAsync();
    }

    public int Port { get; }

    public string Url => $"http://127.0.0.1:{Port}";

    /// <summary>Requests that arrived whole.</summary>
    public IReadOnlyList<RawExchange> Exchanges => [.. _exchanges];

    public int Connections => Volatile.Read(ref _connections);

    /// <param name="answer">
    /// Answers one request. The connection stays open for the next one unless it is closed there.
    /// </param>
    /// <param name="port">0 takes a free one.</param>
    public static RawEngine Start(Func<RawExchange, Task> answer, int port = 0) =>
        new(
            new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp),
            new IPEndPoint(IPAddress.Loopback, port),
            answer
        );

    /// <summary>On a Unix socket; the URL says nothing then.</summary>
    public static RawEngine Start(Func<RawExchange, Task> answer, string socketPath) =>
        new(
            new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified),
            new UnixDomainSocketEndPoint(socketPath),
            answer
        );

    /// <summary>The requests whose body contains a text.</summary>
    public int Count(string text) =>
        _exchanges.Count(exchange => exchange.Body.Contains(text, StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _serving.Within();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                connections.Add(ServeAsync(socket));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // The engine was stopped, possibly before it began.
        }
        await Task.WhenAll(connections);
    }

    private async Task ServeAsync(Socket socket)
    {
        using (socket)
        {
            try
            {
                while (await ReadAsync(socket) is { } exchange)
                {
                    _exchanges.Enqueue(exchange);
                    await _answer(exchange);
                    if (exchange.IsClosed)
                        return;
                }
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The client disconnected, or the test has ended.
            }
        }
    }

    private async Task<RawExchange?> ReadAsync(Socket socket)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await socket.ReceiveAsync(one, _stop.Token) == 0)
                return null;
            head.Append((char)one[0]);
        }
        string length = head.ToString()
            .Split("\r\n")
            .Single(line => line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase))[
            "Content-Length: ".Length..
        ];
        var body = new byte[int.Parse(length, null)];
        for (int end = 0; end < body.Length; )
        {
            int count = await socket.ReceiveAsync(body.AsMemory(end), _stop.Token);
            if (count == 0)
                return null;
            end += count;
        }
        return new RawExchange(socket, head.ToString(), Encoding.UTF8.GetString(body), _stop.Token);
    }
}

/// <summary>One request, and the means to answer it.</summary>
internal sealed class RawExchange(Socket socket, string head, string body, CancellationToken stop)
{
    public string Head { get; } = head;

    public string Body { get; } = body;

    public bool IsStream => Body.Contains("\"stream\":true", StringComparison.Ordinal);

    public bool IsClosed { get; private set; }

    /// <summary>Bytes passed to the system.</summary>
    public long Sent { get; private set; }

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            int count = await socket.SendAsync(bytes, stop);
            Sent += count;
            bytes = bytes[count..];
        }
    }

    /// <summary>An answer of known length.</summary>
    public Task AnswerAsync(string type, string body, string status = "200 OK", string headers = "") =>
        SendAsync(
            $"HTTP/1.1 {status}\r\nContent-Type: {type}\r\nContent-Length: "
                + $"{Encoding.UTF8.GetByteCount(body)}\r\n{headers}\r\n{body}"
        );

    /// <summary>The beginning of an answer in chunks.</summary>
    public Task BeginAsync(string type = "text/event-stream", string headers = "") =>
        SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nTransfer-Encoding: chunked\r\n{headers}\r\n");

    public Task ChunkAsync(string text) => SendAsync($"{Encoding.UTF8.GetByteCount(text):x}\r\n{text}\r\n");

    public Task EndAsync() => SendAsync("0\r\n\r\n");

    /// <summary>Closes the connection regularly.</summary>
    public void Close()
    {
        socket.Shutdown(SocketShutdown.Both);
        IsClosed = true;
    }

    /// <summary>Closes after having received something more, or the other side's close.</summary>
    public async Task DropAsync()
    {
        await socket.ReceiveAsync(new byte[4096], stop);
        Close();
    }

    /// <summary>Closes with a reset.</summary>
    public void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
        IsClosed = true;
    }

    /// <summary>Completes when the other side closes; nothing may come before.</summary>
    public async Task ClosedAsync()
    {
        try
        {
            Assert.Equal(0, await socket.ReceiveAsync(new byte[1], stop));
        }
        catch (SocketException)
        {
            // A reset is a close as well.
        }
        IsClosed = true;
    }
}
