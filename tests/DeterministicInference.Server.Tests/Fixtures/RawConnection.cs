using System.Net.Sockets;
using System.Text;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>A TCP connection on which the test controls every byte.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly TcpClient _client;
    private readonly NetworkStream _stream;

    private RawConnection(TcpClient client)
    {
        _client = client;
        _stream = client.GetStream();
    }

    public static async Task<RawConnection> OpenAsync(string url)
    {
        var uri = new Uri(url);
        var client = new TcpClient();
        await client.ConnectAsync(uri.Host, uri.Port).Within();
        return new RawConnection(client);
    }

    /// <summary>A POST with a body that is announced by its length.</summary>
    public static string Post(string path, string json, string version = "HTTP/1.1") =>
        $"POST {path} {version}\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
        + $"{Encoding.UTF8.GetByteCount(json)}\r\n\r\n{json}";

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public Task SendAsync(ReadOnlyMemory<byte> bytes) => _stream.WriteAsync(bytes).AsTask().Within();

    /// <summary>Shuts down sending; answers can still be read.</summary>
    public void EndSending() => _client.Client.Shutdown(SocketShutdown.Send);

    /// <summary>Ends the connection by a reset.</summary>
    public void Reset() => _client.Client.Close(timeout: 0);

    /// <summary>Everything until the server closes the connection.</summary>
    public async Task<string> ReadToEndAsync()
    {
        using var reader = new StreamReader(_stream, leaveOpen: true);
        return await reader.ReadToEndAsync().Within();
    }

    /// <summary>Everything until the connection ends, regularly or not.</summary>
    public async Task<string> ReadToBreakAsync()
    {
        var read = new MemoryStream();
        var buffer = new byte[4096];
        try
        {
            for (int count = 1; count > 0; read.Write(buffer, 0, count))
                count = await _stream.ReadAsync(buffer).AsTask().Within();
        }
        catch (IOException) { }
        return Encoding.UTF8.GetString(read.ToArray());
    }

    /// <summary>The next answer, whose length is announced: head and body.</summary>
    public async Task<(string Head, string Body)> ReadAnswerAsync()
    {
        string head = await ReadHeadAsync();
        string length = head.Split("\r\n")
            .Single(line => line.StartsWith("Content-Length: ", StringComparison.Ordinal))["Content-Length: ".Length..];
        var body = new byte[int.Parse(length, null)];
        await _stream.ReadExactlyAsync(body).AsTask().Within();
        return (head, Encoding.UTF8.GetString(body));
    }

    /// <summary>Status line and headers, with the blank line.</summary>
    public Task<string> ReadHeadAsync() => ReadUntilAsync("\r\n\r\n");

    /// <summary>What comes up to a text, and the text.</summary>
    public async Task<string> ReadUntilAsync(string end)
    {
        var read = new StringBuilder();
        var one = new byte[1];
        while (!read.ToString().EndsWith(end, StringComparison.Ordinal))
        {
            await _stream.ReadExactlyAsync(one).AsTask().Within();
            read.Append((char)one[0]);
        }
        return read.ToString();
    }

    public void Dispose() => _client.Dispose();
}
