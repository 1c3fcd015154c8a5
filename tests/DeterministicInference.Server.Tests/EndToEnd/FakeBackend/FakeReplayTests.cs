using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Tests.Answers;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.FakeBackend;

/// <summary>FakeBackend sends a recording as the engine sent it, byte for byte.</summary>
public sealed class FakeReplayTests
{
    [Theory]
    [InlineData("vllm", 75)]
    [InlineData("sglang", 74)]
    public async Task Every_recorded_byte_is_sent(string engine, int expected)
    {
        string[] files = Directory.GetFiles(EngineRecordings.RequireFolder(engine), "*.json");
        Assert.Equal(expected, files.Length);
        await using FakeBackendProcess fake = await FakeDialect.ReplayAsync(engine);
        foreach (string file in files)
        {
            JsonNode exchange = JsonNode.Parse(
                await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken)
            )!;
            string name = $"{engine}/{Path.GetFileName(file)}";
            if (Named(exchange["request"]!, name) is not { } request)
                continue;
            Assert.Equal(Expected(exchange["response"]!), await AskAsync(fake.Url, request));
        }
    }

    [Fact]
    public async Task Cut_elsewhere_it_is_the_same_body_and_a_dead_engine_ends_the_connection()
    {
        await using FakeBackendProcess fake = await FakeDialect.ReplayAsync("vllm");
        EngineRecording recording = EngineRecordings
            .Require("vllm")
            .First(one => one.Name.EndsWith("24-chat-stream-usage.json", StringComparison.Ordinal));
        string Asking(string more) => $$"""{"fake":{"replay":"{{recording.Name}}",{{more}} } }""";
        Reply whole = await fake.Api.PostAsync(ApiClient.Chat, Asking("\"cut\":7"));
        Assert.Equal(Encoding.UTF8.GetString(recording.Body), whole.Body);
        byte[] one = await AskAsync(fake.Url, RawConnection.Post(ApiClient.Chat, Asking("\"cut\":7"))),
            same = await AskAsync(fake.Url, RawConnection.Post(ApiClient.Chat, Asking("\"cut\":7"))),
            other = await AskAsync(fake.Url, RawConnection.Post(ApiClient.Chat, Asking("\"cut\":8")));
        Assert.Equal(one, same);
        Assert.NotEqual(one, other);
        await Assert.ThrowsAsync<HttpRequestException>(() =>
            fake.Api.PostAsync(ApiClient.Chat, Asking("\"dies_after\":300"))
        );
    }

    /// <summary>
    /// The request that names its recording; null where it has no member for that and is not the first.
    /// </summary>
    private static string? Named(JsonNode request, string name)
    {
        string path = (string)request["path"]!;
        if ((string)request["method"]! == "GET")
            return name == "sglang/78-2-health-busy.json" ? null : $"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n";
        string body = request["body"] is JsonValue text ? (string)text! : request["body"]!.ToJsonString();
        try
        {
            JsonObject json = JsonNode.Parse(body)!.AsObject();
            json["fake"] = new JsonObject { ["replay"] = name };
            body = json.ToJsonString();
        }
        catch (System.Text.Json.JsonException)
        {
            // It is found by its text.
        }
        return RawConnection.Post(path, body);
    }

    private static byte[] Expected(JsonNode response)
    {
        string status =
            (string?)response["status_line"]
            ?? $"{(string)response["version"]!} {(int)response["status"]!} {(string)response["reason"]!}";
        var head = new StringBuilder(status).Append("\r\n");
        foreach (JsonArray header in response["headers"]!.AsArray().Select(header => header!.AsArray()))
            head.Append(null, $"{(string)header[0]!}: {(string)header[1]!}\r\n");
        head.Append("\r\n");
        byte[] body = (string?)response["body_base64"] is { } base64
            ? Convert.FromBase64String(base64)
            : Encoding.UTF8.GetBytes((string)response["body"]!);
        int[]? lengths =
            response["chunks"]?.AsArray().Select(length => (int)length!).ToArray()
            ?? (
                response["chunks_base64"] is JsonArray { Count: > 0 } chunks
                    ? [.. chunks.Select(chunk => Convert.FromBase64String((string)chunk!).Length)]
                    : null
            );
        var bytes = new List<byte>(Encoding.Latin1.GetBytes(head.ToString()));
        if (lengths is null)
        {
            bytes.AddRange(body);
            return [.. bytes];
        }
        int start = 0;
        foreach (int length in lengths)
        {
            bytes.AddRange(Encoding.ASCII.GetBytes(string.Create(null, $"{length:x}\r\n")));
            bytes.AddRange(body[start..(start += length)]);
            bytes.AddRange("\r\n"u8);
        }
        bytes.AddRange("0\r\n\r\n"u8);
        return [.. bytes];
    }

    /// <summary>Everything until the other side closes.</summary>
    private static async Task<byte[]> AskAsync(string url, string request)
    {
        var uri = new Uri(url);
        using var client = new TcpClient();
        await client.ConnectAsync(uri.Host, uri.Port, TestContext.Current.CancellationToken);
        await using NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request), TestContext.Current.CancellationToken);
        using var read = new MemoryStream();
        await stream.CopyToAsync(read, TestContext.Current.CancellationToken).Within();
        return read.ToArray();
    }
}
