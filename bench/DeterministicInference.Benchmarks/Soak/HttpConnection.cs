using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DeterministicInference.Benchmarks.Soak;

/// <summary>An answer as it came.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Head">Status line and headers.</param>
/// <param name="Body">All that arrived of the body, without its framing.</param>
/// <param name="IsWhole">
/// Whether the body came to the end that HTTP announces; a connection that was cut leaves it open.
/// </param>
internal sealed record HttpAnswer(int Status, string Head, string Body, bool IsWhole);

/// <summary>
/// One connection of HTTP/1.1, kept alive: cheap enough that the load does not weigh more than what it loads.
/// </summary>
internal sealed class HttpConnection(IPEndPoint server) : IDisposable
{
    private readonly byte[] _buffer = new byte[32 * 1024];
    private readonly MemoryStream _body = new();
    private Socket? _socket;
    private int _start,
        _end;

    public async Task SendAsync(ReadOnlyMemory<byte> request, CancellationToken cancellation)
    {
        if (_socket is null)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(server, cancellation);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
            _socket = socket;
            _start = _end = 0;
        }
        while (request.Length > 0)
            request = request[await _socket.SendAsync(request, cancellation)..];
    }

    /// <summary>Waits for the first bytes of an answer, which stay unread.</summary>
    public async Task AwaitAnswerAsync(CancellationToken cancellation)
    {
        if (_start == _end)
            await FillAsync(cancellation);
    }

    /// <exception cref="IOException">The connection ended within the head.</exception>
    public async Task<HttpAnswer> ReadAsync(CancellationToken cancellation)
    {
        string head = await ReadHeadAsync(cancellation);
        int status = int.Parse(head.AsSpan(9, 3), CultureInfo.InvariantCulture);
        bool isWhole;
        _body.SetLength(0);
        try
        {
            if (Header(head, "Content-Length") is { } length)
                await ReadBodyAsync(int.Parse(length, CultureInfo.InvariantCulture), cancellation);
            else
                await ReadChunksAsync(cancellation);
            isWhole = true;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            isWhole = false;
        }
        var answer = new HttpAnswer(
            status,
            head,
            Encoding.UTF8.GetString(_body.GetBuffer(), 0, (int)_body.Length),
            isWhole
        );
        if (!isWhole || Header(head, "Connection") == "close")
            Close();
        return answer;
    }

    /// <summary>Leaves; the next request gets a connection of its own.</summary>
    public void Close()
    {
        _socket?.Dispose();
        _socket = null;
    }

    public void Dispose()
    {
        Close();
        _body.Dispose();
    }

    public static string? Header(string head, string name)
    {
        int at = head.IndexOf($"\r\n{name}: ", StringComparison.OrdinalIgnoreCase);
        if (at < 0)
            return null;
        int value = at + name.Length + 4;
        return head[value..head.IndexOf('\r', value)];
    }

    private async Task<string> ReadHeadAsync(CancellationToken cancellation)
    {
        int length;
        while ((length = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n\r\n"u8)) < 0)
            await FillAsync(cancellation);
        string head = Encoding.ASCII.GetString(_buffer, _start, length + 2);
        _start += length + 4;
        return head;
    }

    private async Task ReadBodyAsync(int count, CancellationToken cancellation)
    {
        while (count > 0)
        {
            if (_start == _end)
                await FillAsync(cancellation);
            int taken = Math.Min(count, _end - _start);
            _body.Write(_buffer, _start, taken);
            _start += taken;
            count -= taken;
        }
    }

    private async Task ReadChunksAsync(CancellationToken cancellation)
    {
        while (true)
        {
            int size = int.Parse(
                await ReadLineAsync(cancellation),
                NumberStyles.HexNumber,
                CultureInfo.InvariantCulture
            );
            await ReadBodyAsync(size, cancellation);
            await ReadLineAsync(cancellation);
            if (size == 0)
                return;
        }
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellation)
    {
        int length;
        while ((length = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n"u8)) < 0)
            await FillAsync(cancellation);
        string line = Encoding.ASCII.GetString(_buffer, _start, length);
        _start += length + 2;
        return line;
    }

    private async Task FillAsync(CancellationToken cancellation)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }
        if (_end == _buffer.Length)
            throw new InvalidOperationException("A line of an answer is longer than the buffer.");
        int count = await _socket!.ReceiveAsync(_buffer.AsMemory(_end), cancellation);
        if (count == 0)
            throw new IOException("The server closed the connection.");
        _end += count;
    }
}
