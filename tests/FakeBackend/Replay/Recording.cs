using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DeterministicInference.FakeBackend.Replay;

/// <summary>A recorded exchange of a real engine.</summary>
/// <param name="Name">Folder and file.</param>
/// <param name="Line">Method and path.</param>
/// <param name="Request">The body that was sent, as text; empty for none.</param>
/// <param name="Head">Status line and headers in their order, with the blank line.</param>
/// <param name="Chunks">The body as it came, by the HTTP chunks of the engine; one where it had none.</param>
/// <param name="IsChunked">Whether the body came in HTTP chunks.</param>
/// <param name="Closes">Whether the engine closed the connection behind it.</param>
internal sealed record Recording(
    string Name,
    string Line,
    string Request,
    string Head,
    IReadOnlyList<byte[]> Chunks,
    bool IsChunked,
    bool Closes
)
{
    /// <summary>All exchanges of a folder, by the names of their files.</summary>
    public static IReadOnlyList<Recording> ReadAll(string folder) =>
        [.. Directory.GetFiles(folder, "*.json").Order(StringComparer.Ordinal).Select(Read)];

    /// <summary>Whether a request is the one that was answered.</summary>
    public bool Answers(string line, string body) =>
        line == Line && (body == Request || (Parse(body) is { } json && JsonNode.DeepEquals(json, Parse(Request))));

    public static JsonNode? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Recording Read(string file)
    {
        JsonNode exchange = JsonNode.Parse(File.ReadAllBytes(file))!,
            request = exchange["request"]!,
            response = exchange["response"]!;
        (string Name, string Value)[] headers =
        [
            .. response["headers"]!.AsArray().Select(header => ((string)header![0]!, (string)header[1]!)),
        ];
        bool Has(string name, string value) => headers.Contains((name, value), new HeaderComparer());
        string status =
            (string?)response["status_line"]
            ?? $"{(string)response["version"]!} {(int)response["status"]!} {(string)response["reason"]!}";
        return new Recording(
            $"{Path.GetFileName(Path.GetDirectoryName(file))}/{Path.GetFileName(file)}",
            $"{(string)request["method"]!} {(string)request["path"]!}",
            request["body"] switch
            {
                null => "",
                JsonValue text when text.TryGetValue(out string? value) => value,
                var json => json.ToJsonString(),
            },
            $"{status}\r\n{string.Concat(headers.Select(header => $"{header.Name}: {header.Value}\r\n"))}\r\n",
            ChunksOf(response),
            Has("transfer-encoding", "chunked"),
            Has("connection", "close")
        );
    }

    /// <summary>One capture has the body as text and the lengths of its chunks, the other one their bytes.</summary>
    private static List<byte[]> ChunksOf(JsonNode response)
    {
        if (response["chunks_base64"] is JsonArray { Count: > 0 } given)
            return [.. given.Select(chunk => Convert.FromBase64String((string)chunk!))];
        byte[] body = (string?)response["body_base64"] is { } base64
            ? Convert.FromBase64String(base64)
            : Encoding.UTF8.GetBytes((string)response["body"]!);
        if (response["chunks"] is not JsonArray lengths)
            return [body];
        var chunks = new List<byte[]>();
        int start = 0;
        foreach (int length in lengths.Select(length => (int)length!))
            chunks.Add(body[start..(start += length)]);
        return chunks;
    }

    /// <summary>Names of headers, and these values, count in any case.</summary>
    private sealed class HeaderComparer : IEqualityComparer<(string Name, string Value)>
    {
        public bool Equals((string Name, string Value) one, (string Name, string Value) other) =>
            string.Equals(one.Name, other.Name, StringComparison.OrdinalIgnoreCase)
            && string.Equals(one.Value, other.Value, StringComparison.OrdinalIgnoreCase);

        public int GetHashCode((string Name, string Value) header) =>
            StringComparer.OrdinalIgnoreCase.GetHashCode(header.Name);
    }
}
