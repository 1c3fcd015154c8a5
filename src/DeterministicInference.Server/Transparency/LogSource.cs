using System.Text;
using System.Text.RegularExpressions;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.Verification;

namespace DeterministicInference.Server.Transparency;

/// <summary>
/// A log that is served as C2SP tlog-tiles, by its server or by any web server that has a mirror of it.
/// </summary>
internal sealed partial class LogSource : IDisposable
{
    private const string Current = "/v1/log";

    private readonly string _address;
    private readonly string? _bare;
    private readonly NoteKey _key;
    private readonly string? _apiKey;
    private readonly TimeSpan _timeout;
    private RemoteServer? _log;

    /// <param name="url">The log's address, or a server's, which has all its logs below <c>/v1/logs</c>.</param>
    /// <param name="key">Tells which of a server's logs it is.</param>
    /// <param name="apiKey">Sent as a bearer token; null for none.</param>
    /// <param name="timeout">Time limit of each request.</param>
    public LogSource(Uri url, NoteKey key, string? apiKey, TimeSpan timeout)
    {
        string address = url.GetLeftPart(UriPartial.Path).TrimEnd('/');
        // Of a server, or of a mirror that is all that it serves.
        _bare = url.AbsolutePath is "/" ? address : null;
        _address = _bare is null ? address : address + Current;
        (_key, _apiKey, _timeout) = (key, apiKey, timeout);
    }

    public string Address => _log?.Address ?? _address;

    /// <summary>Whether its server says, by a revocation that verifies, that the log's key is revoked.</summary>
    public bool IsRevoked { get; private set; }

    /// <summary>The newest checkpoint, not yet verified.</summary>
    /// <exception cref="NoAnswerException">There is none.</exception>
    public async Task<string> CheckpointAsync(CancellationToken cancellation)
    {
        byte[]? note = await GetAsync("checkpoint", cancellation);
        if (note is null && _bare is not null)
        {
            _log?.Dispose();
            _log = new RemoteServer(_bare, _apiKey, _timeout);
            note = await _log.GetAsync("checkpoint", cancellation);
        }
        return Encoding.UTF8.GetString(
            note ?? throw new NoAnswerException("it has no log: GET checkpoint is 404; correct the log's address")
        );
    }

    /// <summary>The bytes of a tile or bundle of entries, not yet verified.</summary>
    /// <exception cref="NoAnswerException">There is none.</exception>
    public async Task<byte[]> TileAsync(TilePath path, CancellationToken cancellation)
    {
        if (await GetAsync($"{path}", cancellation) is { } bytes)
            return bytes;
        // A log may have deleted a partial tile that has become full since (https://c2sp.org/tlog-tiles).
        if (
            path.Width < TilePath.FullWidth
            && await GetAsync($"{path with { Width = TilePath.FullWidth }}", cancellation) is { } full
        )
            return full;
        throw new NoAnswerException($"it does not have {path}, which its checkpoint covers");
    }

    public void Dispose() => _log?.Dispose();

    private async Task<byte[]?> GetAsync(string path, CancellationToken cancellation)
    {
        _log ??= new RemoteServer(await FindAsync(cancellation) ?? _address, _apiKey, _timeout);
        return await _log.GetAsync(path, cancellation);
    }

    /// <summary>
    /// The address of the log of this key among those of its server. The server's first address is that of the log
    /// which it continues at present: another one after a rotation.
    /// </summary>
    private async Task<string?> FindAsync(CancellationToken cancellation)
    {
        if (!_address.EndsWith(Current, StringComparison.Ordinal))
            return null;
        string root = _address[..^Current.Length];
        using var server = new RemoteServer(root, _apiKey, _timeout);
        ServedLog? found = (await ServedLog.AllAsync(server, cancellation)).FirstOrDefault(log =>
            log.Key == _key.ToString()
        );
        IsRevoked = found?.Revocation is { } note && Revokes(note);
        return found?.Path is { } path && LogPath().IsMatch(path) ? root + path : null;
    }

    private bool Revokes(string note)
    {
        try
        {
            return LogRevocation.Verify(note).Key.ToString() == _key.ToString();
        }
        catch (LogFormatException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"^/v1/logs/[0-9]{1,9}\z")]
    private static partial Regex LogPath();
}
