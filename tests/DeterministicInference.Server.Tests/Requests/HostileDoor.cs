using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Tests.EndToEnd;
using DeterministicInference.Server.Tests.Proxy;
using Xunit;

namespace DeterministicInference.Server.Tests.Requests;

/// <summary>What came of a <see cref="HostileInput"/>.</summary>
/// <param name="Status">Of the answer; 0 for none.</param>
/// <param name="Error">The error of the answer; null for another body or none.</param>
/// <param name="HasBody">Whether a body came.</param>
/// <param name="Closed">Whether the server closed the connection.</param>
/// <param name="Forwarded">Requests that the engine got.</param>
internal sealed record HostileOutcome(int Status, JsonObject? Error, bool HasBody, bool Closed, int Forwarded);

/// <summary>A door with an engine of its own, which counts the requests that it gets. For one test at a time.</summary>
public sealed class HostileDoor : IAsyncLifetime
{
    public const int SmallLimit = 1000;

    private FakeBackendProcess _fake = null!;
    private Door _door = null!, _small = null!;
    private int _lastNumber;

    internal string Url => _door.Url;

    internal LogLines Log => _door.Log;

    public async ValueTask InitializeAsync()
    {
        _fake = await FakeBackendProcess.StartAsync("--enable-deterministic-inference");
        _door = await Door.StartAsync(_fake.Url);
        _small = await Door.StartAsync(_fake.Url, Door.Options with { MaxRequestBytes = SmallLimit });
        using RawConnection connection = await RawConnection.OpenAsync(_door.Url);
        await CountAsync(connection);
    }

    /// <summary>Sends it, then a normal request, which must be served: on the same connection where that is open.</summary>
    internal async Task<HostileOutcome> TryAsync(HostileInput input)
    {
        string url = input.IsSmall ? _small.Url : _door.Url;
        using RawConnection connection = await RawConnection.OpenAsync(url);
        await connection.SendAsync(input.Request);
        (string head, string body) = await AnswerAsync(connection, isHead: input.Request.AsSpan().StartsWith("HEAD "u8));
        bool closes = head.Length == 0 || head.Contains("\r\nConnection: close\r\n", StringComparison.OrdinalIgnoreCase);
        if (closes) Assert.Equal("", await connection.ReadToBreakAsync());
        using RawConnection? other = closes ? await RawConnection.OpenAsync(url) : null;
        int forwarded = await CountAsync(other ?? connection);
        int status = head.Length == 0 ? 0 : int.Parse(head.AsSpan("HTTP/1.1 ".Length, 3), CultureInfo.InvariantCulture);
        JsonObject? error = status >= 400 && body.Length > 0 ? Assert.IsType<JsonObject>(JsonNode.Parse(body)!["error"]) : null;
        if (error is not null)
        {
            Assert.Contains("\r\nContent-Type: application/json\r\n", head, StringComparison.Ordinal);
            Assert.Contains("\r\nx-request-id: req_", head, StringComparison.Ordinal);
        }
        return new HostileOutcome(status, error, body.Length > 0, closes, forwarded);
    }

    /// <summary>A normal request.</summary>
    /// <returns>How many the engine got since the last one.</returns>
    internal async Task<int> CountAsync(RawConnection connection)
    {
        await connection.SendAsync(RawConnection.Post(ApiClient.Completions, """{"prompt":"after"}"""));
        (string head, string body) = await connection.ReadAnswerAsync();
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", head, StringComparison.Ordinal);
        // The engine numbers its answers.
        int number = int.Parse((string)JsonNode.Parse(body)!["id"]!, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        int others = number - _lastNumber - 1;
        _lastNumber = number;
        return others;
    }

    public async ValueTask DisposeAsync()
    {
        await _small.DisposeAsync();
        await _door.DisposeAsync();
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
