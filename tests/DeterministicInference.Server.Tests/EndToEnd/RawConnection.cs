using System.Net.Sockets;
using System.Text;

namespace DeterministicInference.Server.Tests.EndToEnd;

/// <summary>One TCP connection on which a test decides every byte.</summary>
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
        $"POST {path} {version}\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(json)}\r\n\r\n{json}";

    public Task SendAsync(string text) => _stream.WriteAsync(Encoding.UTF8.GetBytes(text)).AsTask().Within();

    /// <summary>Everything until the server closes the connection.</summary>
    public async Task<string> ReadToEndAsync()
    {
        using var reader = new StreamReader(_stream, leaveOpen: true);
        return await reader.ReadToEndAsync().Within();
    }

    /// <summary>The next answer, whose length is announced: head and body.</summary>
    public async Task<(string Head, string Body)> ReadAnswerAsync()
    {
        string head = await ReadHeadAsync();
        string length = head.Split("\r\n").Single(line => line.StartsWith("Content-Length: ", StringComparison.Ordinal))["Content-Length: ".Length..];
        var body = new byte[int.Parse(length, null)];
        await _stream.ReadExactlyAsync(body).AsTask().Within();
        return (head, Encoding.UTF8.GetString(body));
    }

    /// <summary>Status line and headers, with the blank line.</summary>
    public async Task<string> ReadHeadAsync()
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await _stream.ReadExactlyAsync(one).AsTask().Within();
            head.Append((char)one[0]);
        }
        return head.ToString();
    }

    public void Dispose() => _client.Dispose();
}
