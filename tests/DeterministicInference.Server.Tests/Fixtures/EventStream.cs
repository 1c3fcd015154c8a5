using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>
/// A stream of server-sent events being read. It accepts exactly what the server promises: one <c>data:</c> line and a
/// blank line per event, <c>[DONE]</c> last and nothing after it; comment lines during silence, and one with the
/// receipt before the end.
/// </summary>
internal sealed class EventStream : IDisposable
{
    private const string ReceiptPrefix = ": dis-receipt ";

    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;

    private EventStream(HttpResponseMessage response, Stream body)
    {
        _response = response;
        _reader = new StreamReader(body);
    }

    public HttpResponseMessage Response => _response;

    /// <summary>The <c>determinism</c> object, if the stream has sent one.</summary>
    public string? Receipt { get; private set; }

    public static async Task<EventStream> OfAsync(HttpResponseMessage response)
    {
        Assert.True(
            response.StatusCode == HttpStatusCode.OK,
            $"{response.StatusCode}: {(response.IsSuccessStatusCode ? "" : await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))}"
        );
        Assert.Equal("text/event-stream; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        return new EventStream(
            response,
            await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken)
        );
    }

    /// <summary>The next chunk; null is <c>[DONE]</c>.</summary>
    public async Task<JsonObject?> ReadAsync()
    {
        string? line = await ReadLineAsync();
        Assert.NotNull(line);
        Assert.StartsWith("data: ", line, StringComparison.Ordinal);
        Assert.Equal("", await ReadLineAsync());
        string data = line["data: ".Length..];
        if (data != "[DONE]")
            return JsonNode.Parse(data)!.AsObject();
        Assert.Null(await ReadLineAsync());
        return null;
    }

    /// <summary>The chunks that are left, all of which must name the same answer.</summary>
    public async Task<IReadOnlyList<JsonObject>> ReadToEndAsync()
    {
        var chunks = new List<JsonObject>();
        while (await ReadAsync() is { } chunk)
            chunks.Add(chunk);
        Assert.Single(
            chunks
                .Select(chunk =>
                    (
                        Field(chunk, "id"),
                        Field(chunk, "object"),
                        Field(chunk, "created"),
                        Field(chunk, "model"),
                        Field(chunk, "system_fingerprint")
                    )
                )
                .Distinct()
        );
        return chunks;

        static string Field(JsonObject chunk, string name) => chunk[name]?.ToJsonString() ?? "";
    }

    /// <summary>Disconnects; the connection is closed unless the stream is at its end.</summary>
    public void Dispose()
    {
        _reader.Dispose();
        _response.Dispose();
    }

    private async Task<string?> ReadLineAsync()
    {
        while (true)
        {
            string? line = await _reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().Within();
            if (line?.StartsWith(ReceiptPrefix, StringComparison.Ordinal) == true)
                Receipt = line[ReceiptPrefix.Length..];
            else if (line != ": ka")
                return line;
        }
    }
}
