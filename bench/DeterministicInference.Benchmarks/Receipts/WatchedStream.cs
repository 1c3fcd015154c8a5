using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DeterministicInference.Benchmarks.Receipts;

/// <summary>When an event left the engine, and how long it took to the client.</summary>
/// <param name="SentAt">Timestamp of <see cref="Stopwatch"/>.</param>
/// <param name="Delay">Milliseconds.</param>
internal readonly record struct EventDelay(long SentAt, double Delay);

/// <summary>
/// A paced stream of FakeBackend, read by a thread of its own, so that the client's other work delays its events as
/// little as the machine allows.
/// </summary>
internal sealed class WatchedStream : IDisposable
{
    private static readonly byte[] Stamp = "\"sent_at\":"u8.ToArray();

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly ConcurrentQueue<EventDelay> _events = new();
    private readonly Thread _reader;
    private SocketError? _end;

    /// <exception cref="SocketException">The server does not take the connection.</exception>
    public WatchedStream(IPEndPoint server, string body)
    {
        _socket.Connect(server);
        _socket.Send(
            Encoding.ASCII.GetBytes(
                $"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    + $"Content-Length: {body.Length}\r\n\r\n{body}"
            )
        );
        _reader = new Thread(Read) { IsBackground = true };
        _reader.Start();
    }

    /// <summary>Events until now, in order.</summary>
    public IReadOnlyCollection<EventDelay> Events => _events;

    /// <summary>Leaves the stream, which the server then resets.</summary>
    /// <exception cref="InvalidOperationException">It had ended before.</exception>
    public void Leave()
    {
        if (!_reader.IsAlive)
            throw new InvalidOperationException($"A stream ended that was to go on: {_end}.");
        _socket.Shutdown(SocketShutdown.Both);
        _reader.Join();
    }

    public void Dispose() => _socket.Dispose();

    private void Read()
    {
        byte[] buffer = new byte[64 * 1024];
        int end = 0;
        while (true)
        {
            int count = _socket.Receive(buffer.AsSpan(end), SocketFlags.None, out SocketError error);
            if (count == 0 || error != SocketError.Success)
            {
                _end = error;
                return;
            }
            long now = Stopwatch.GetTimestamp();
            end += count;
            int start = 0;
            // A number that the buffer does not end yet is read with what follows.
            while (buffer.AsSpan(start, end - start).IndexOf(Stamp) is var at and >= 0)
            {
                Span<byte> number = buffer.AsSpan(start + at + Stamp.Length, end - start - at - Stamp.Length);
                int length = number.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
                if (length < 0)
                    break;
                long sentAt = long.Parse(number[..length], CultureInfo.InvariantCulture);
                _events.Enqueue(new EventDelay(sentAt, Stopwatch.GetElapsedTime(sentAt, now).TotalMilliseconds));
                start += at + Stamp.Length + length;
            }
            int kept = Math.Min(end - start, buffer.Length / 2);
            buffer.AsSpan(end - kept, kept).CopyTo(buffer);
            end = kept;
        }
    }
}
