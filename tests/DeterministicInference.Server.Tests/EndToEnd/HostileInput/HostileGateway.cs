using System.Globalization;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.HostileInput;

/// <summary>The outcome of a</summary>
/// <param name="Status">Status of the answer; 0 for none.</param>
/// <param name="Error">The error of the answer; null for another body or none.</param>
/// <param name="HasBody">Whether a body came.</param>
/// <param name="Closed">Whether the server closed the connection.</param>
/// <param name="Forwarded">Requests that the engine got.</param>
internal sealed record HostileOutcome(int Status, JsonObject? Error, bool HasBody, bool Closed, int Forwarded);

/// <summary>A gateway with its own engine, which counts the requests that arrive.</summary>
public sealed class HostileGateway : IAsyncLifetime
{
    public const int SmallLimit = 1000;

    /// <summary>Long enough for a few hundred connections to be opened.</summary>
    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(5);

    private FakeBackendProcess _fake = null!;
    private RunningGateway _gateway = null!,
        _small = null!;
    private int _lastNumber;

    internal string Url => _gateway.Url;

    internal LogLines Log => _gateway.Log;

    public async ValueTask InitializeAsync()
    {
        _fake = await FakeBackendProcess.StartAsync("--enable-deterministic-inference");
        _gateway = await RunningGateway.StartAsync(
            _fake.Url,
            RunningGateway.Options with
            {
                RequestHeadersTimeout = HeadersTimeout,
            }
        );
        _small = await RunningGateway.StartAsync(
            _fake.Url,
            RunningGateway.Options with
            {
                MaxRequestBytes = SmallLimit,
            }
        );
        using RawConnection connection = await RawConnection.OpenAsync(_gateway.Url);
        await CountAsync(connection);
    }

    /// <summary>
    /// Sends the input, then a normal request, which must be served, on the same connection if that is open.
    /// </summary>
    internal async Task<HostileOutcome> TryAsync(HostileInput input)
    {
        string url = input.IsSmall ? _small.Url : _gateway.Url;
        using RawConnection connection = await RawConnection.OpenAsync(url);
        await connection.SendAsync(input.Request);
        (string head, string body) = await AnswerAsync(
            connection,
            isHead: input.Request.AsSpan().StartsWith("HEAD "u8)
        );
        bool closes =
            head.Length == 0 || head.Contains("\r\nConnection: close\r\n", StringComparison.OrdinalIgnoreCase);
        if (closes)
            Assert.Equal("", await connection.ReadToBreakAsync());
        using RawConnection? other = closes ? await RawConnection.OpenAsync(url) : null;
        int forwarded = await CountAsync(other ?? connection);
        int status = head.Length == 0 ? 0 : int.Parse(head.AsSpan("HTTP/1.1 ".Length, 3), CultureInfo.InvariantCulture);
        JsonObject? error =
            status >= 400 && body.Length > 0 ? Assert.IsType<JsonObject>(JsonNode.Parse(body)!["error"]) : null;
        if (error is not null)
        {
            Assert.Contains("\r\nContent-Type: application/json\r\n", head, StringComparison.Ordinal);
            Assert.Contains("\r\nx-request-id: req_", head, StringComparison.Ordinal);
        }
        return new HostileOutcome(status, error, body.Length > 0, closes, forwarded);
    }

    /// <summary>A normal request.</summary>
    /// <returns>Number of requests that the engine got since the last one.</returns>
    internal async Task<int> CountAsync(RawConnection connection)
    {
        await connection.SendAsync(RawConnection.Post(ApiClient.Completions, """{"prompt":"after"}"""));
        (string head, string body) = await connection.ReadAnswerAsync();
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", head, StringComparison.Ordinal);
        // The engine numbers its answers.
        int number = int.Parse(
            (string)JsonNode.Parse(body)!["id"]!,
            NumberStyles.HexNumber,
            CultureInfo.InvariantCulture
        );
        int others = number - _lastNumber - 1;
        _lastNumber = number;
        return others;
    }

    public async ValueTask DisposeAsync()
    {
        await _small.DisposeAsync();
        await _gateway.DisposeAsync();
        await _fake.DisposeAsync();
    }

    private static async Task<(string Head, string Body)> AnswerAsync(RawConnection connection, bool isHead)
    {
        try
        {
            return isHead ? (await connection.ReadHeadAsync(), "") : await connection.ReadAnswerAsync();
        }
        catch (Exception e) when (e is EndOfStreamException or IOException)
        {
            return ("", "");
        }
    }
}
