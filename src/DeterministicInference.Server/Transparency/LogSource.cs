using System.Text;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.Verification;

namespace DeterministicInference.Server.Transparency;

/// <summary>
/// A log that is served as C2SP tlog-tiles, by its server or by any web server that has a mirror of it.
/// </summary>
internal sealed class LogSource : IDisposable
{
    private readonly RemoteServer _server;

    /// <param name="url">The log's address; of a server's address without a path, <c>/v1/log</c> is the log.</param>
    /// <param name="apiKey">Sent as a bearer token; null for none.</param>
    /// <param name="timeout">Time limit of each request.</param>
    public LogSource(Uri url, string? apiKey, TimeSpan timeout)
    {
        string address = url.GetLeftPart(UriPartial.Path).TrimEnd('/');
        _server = new RemoteServer(url.AbsolutePath is "/" ? address + "/v1/log" : address, apiKey, timeout);
    }

    public string Address => _server.Address;

    /// <summary>The newest checkpoint, not yet verified.</summary>
    /// <exception cref="NoAnswerException">There is none.</exception>
    public async Task<string> CheckpointAsync(CancellationToken cancellation) =>
        Encoding.UTF8.GetString(
            await _server.GetAsync("checkpoint", cancellation)
                ?? throw new NoAnswerException("it has no log: GET checkpoint is 404; correct the log's address")
        );

    /// <summary>The bytes of a tile or bundle of entries, not yet verified.</summary>
    /// <exception cref="NoAnswerException">There is none.</exception>
    public async Task<byte[]> TileAsync(TilePath path, CancellationToken cancellation)
    {
        if (await _server.GetAsync($"{path}", cancellation) is { } bytes)
            return bytes;
        // A log may have deleted a partial tile that has become full since (https://c2sp.org/tlog-tiles).
        if (
            path.Width < TilePath.FullWidth
            && await _server.GetAsync($"{path with { Width = TilePath.FullWidth }}", cancellation) is { } full
        )
            return full;
        throw new NoAnswerException($"it does not have {path}, which its checkpoint covers");
    }

    public void Dispose() => _server.Dispose();
}
