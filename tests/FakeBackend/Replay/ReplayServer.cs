using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.FakeBackend.Dialects;

namespace DeterministicInference.FakeBackend.Replay;

/// <summary>
/// Sends what was recorded of a real engine, byte for byte, instead of answers of its own. The member <c>fake</c> of a
/// request names the recording; otherwise it is the first one of an equal request. What was never recorded is 404.
/// </summary>
/// <param name="recordings">What can be sent.</param>
internal sealed class ReplayServer(IReadOnlyList<Recording> recordings)
{
    private static readonly byte[] Unknown = Encoding.ASCII.GetBytes(
        "HTTP/1.1 404 Not Found\r\ncontent-length: 22\r\ncontent-type: application/json\r\n"
            + "connection: close\r\n\r\n{\"detail\":\"Not Found\"}"
    );

    /// <summary>Serves a folder, for good.</summary>
    public static async Task RunAsync(string folder, Dialect dialect)
    {
        LaunchArguments arguments = dialect.Arguments;
        using Socket listener = arguments.Socket is { } path
            ? ReusedPort.Bind(path)
            : ReusedPort.Bind(arguments.Host, arguments.Port(dialect.DefaultPort));
        listener.Listen();
        string url = listener.LocalEndPoint is IPEndPoint address ? $"http://{address}" : "http://unix";
        Output.Log(dialect.AddressLine(url));
        if (dialect.ReadyLine is { } ready)
            Output.Log(ready);
        var server = new ReplayServer(Recording.ReadAll(folder));
        while (true)
            _ = server.ServeAsync(await listener.AcceptAsync());
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        // Pieces are sent as they are cut.
        if (socket.AddressFamily != AddressFamily.Unix)
            socket.NoDelay = true;
        PipeReader reader = PipeReader.Create(stream);
        try
        {
            while (await ReadAsync(reader) is var (line, body))
            {
                if (!await AnswerAsync(stream, line, body))
                    return;
            }
        }
        catch (IOException)
        {
            // The client left.
        }
    }

    /// <returns>Whether the connection stays open.</returns>
    private async Task<bool> AnswerAsync(NetworkStream stream, string line, string body)
    {
        JsonNode? fake = Recording.Parse(body) is JsonObject json ? json["fake"] : null;
        Recording? recording = (string?)fake?["replay"] is { } name
            ? recordings.FirstOrDefault(one => one.Name == name)
            : recordings.FirstOrDefault(one => one.Answers(line, body));
        if (recording is null)
        {
            await stream.WriteAsync(Unknown);
            return false;
        }
        int? deathAfter = (int?)fake?["dies_after"];
        foreach (byte[] piece in Pieces(recording, (int?)fake?["cut"], deathAfter))
        {
            await stream.WriteAsync(piece);
            await stream.FlushAsync();
        }
        return !recording.Closes && deathAfter is null;
    }

    /// <param name="recording">What is sent.</param>
    /// <param name="cut">Seed of places at which it is cut instead of the engine's; null keeps these.</param>
    /// <param name="deathAfter">Bytes of the body after which the connection ends; null for all.</param>
    /// <returns>What is written at once.</returns>
    private static IEnumerable<byte[]> Pieces(Recording recording, int? cut, int? deathAfter)
    {
        IEnumerable<byte[]> chunks = recording.Chunks;
        if (cut is { } places)
            chunks = Cut([.. chunks.SelectMany(chunk => chunk)], places);
        if (deathAfter is { } limit)
            chunks = Cut([.. chunks.SelectMany(chunk => chunk).Take(limit)], cut ?? limit);
        IEnumerable<byte[]> pieces =
        [
            Encoding.Latin1.GetBytes(recording.Head),
            .. recording.IsChunked ? chunks.Select(Framed) : chunks,
        ];
        if (recording.IsChunked && deathAfter is null)
            pieces = pieces.Append("0\r\n\r\n"u8.ToArray());
        return cut is null ? pieces : Cut([.. pieces.SelectMany(piece => piece)], ~cut.Value);
    }

    private static byte[] Framed(byte[] chunk) =>
        [.. Encoding.ASCII.GetBytes(string.Create(null, $"{chunk.Length:x}\r\n")), .. chunk, .. "\r\n"u8];

    /// <summary>Pieces of 1 to 64 bytes, the same for the same seed.</summary>
    private static IEnumerable<byte[]> Cut(byte[] bytes, int seed)
    {
        uint state = (uint)seed * 2654435761 | 1;
        for (int start = 0; start < bytes.Length; )
        {
            // Marsaglia's xorshift.
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            int end = Math.Min(bytes.Length, start + 1 + (int)(state % 64));
            yield return bytes[start..end];
            start = end;
        }
    }

    /// <returns>Method and path, and the body; null at the end of the connection.</returns>
    private static async Task<(string Line, string Body)?> ReadAsync(PipeReader reader)
    {
        while (true)
        {
            ReadResult read = await reader.ReadAsync();
            if (TryReadHead(read.Buffer, out string head, out SequencePosition end))
            {
                reader.AdvanceTo(end);
                string[] lines = head.Split("\r\n");
                int length = lines
                    .Select(line => line.Split(": ", 2))
                    .Where(parts => parts[0].Equals("content-length", StringComparison.OrdinalIgnoreCase))
                    .Select(parts => int.Parse(parts[1], CultureInfo.InvariantCulture))
                    .SingleOrDefault();
                return (lines[0][..lines[0].LastIndexOf(' ')], await ReadBodyAsync(reader, length));
            }
            if (read.IsCompleted)
                return null;
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static async Task<string> ReadBodyAsync(PipeReader reader, int length)
    {
        if (length == 0)
            return "";
        ReadResult read = await reader.ReadAtLeastAsync(length);
        ReadOnlySequence<byte> body = read.Buffer.Slice(0, Math.Min(length, read.Buffer.Length));
        string text = Encoding.UTF8.GetString(body);
        reader.AdvanceTo(body.End);
        return text;
    }

    private static bool TryReadHead(ReadOnlySequence<byte> bytes, out string head, out SequencePosition end)
    {
        var reader = new SequenceReader<byte>(bytes);
        bool isWhole = reader.TryReadTo(out ReadOnlySequence<byte> read, "\r\n\r\n"u8);
        (head, end) = (isWhole ? Encoding.Latin1.GetString(read) : "", reader.Position);
        return isWhole;
    }
}
