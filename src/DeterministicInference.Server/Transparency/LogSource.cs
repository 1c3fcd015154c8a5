using System.Text;
using System.Text.RegularExpressions;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Servers;
using DeterministicInference.Server.Http;

namespace DeterministicInference.Server.Transparency;

/// <summary>
/// A log that is served as C2SP tlog-tiles, by its server or by any web server that has a mirror of it.
/// </summary>
internal sealed partial class LogSource : IDisposable
{
    private const string Current = "/v1/log";

    private readonly RemoteServer _server;
    private readonly NoteKey _key;
    private readonly bool _isRoot,
        _isOfServer;
    private string _path = "";

    /// <param name="url">The log's address, or a server's, which has all its logs below <c>/v1/logs</c>.</param>
    /// <param name="key">Tells which of a server's logs it is.</param>
    /// <param name="apiKey">Sent as a bearer token; null for none.</param>
    /// <param name="timeout">Time limit of each request.</param>
    public LogSource(Uri url, NoteKey key, string? apiKey, TimeSpan timeout)
    {
        string address = url.GetLeftPart(UriPartial.Path).TrimEnd('/');
        _isRoot = url.AbsolutePath is "/";
        _isOfServer = _isRoot || address.EndsWith(Current, StringComparison.Ordinal);
        _server = new RemoteServer(
            _isOfServer && !_isRoot ? address[..^Current.Length] : address,
            apiKey,
            timeout,
            OutgoingSocket.CreateDecodingHandler()
        );
        _key = key;
        if (_isOfServer)
            _path = Current;
    }

    public string Address => _server.Address + _path;

    /// <summary>Whether its server says, by a revocation that verifies, that the log's key is revoked.</summary>
    public bool IsRevoked { get; private set; }

    /// <summary>The newest checkpoint, not yet verified.</summary>
    /// <exception cref="NoAnswerException">There is none.</exception>
    public async Task<string> CheckpointAsync(CancellationToken cancellation)
    {
        NoAnswerException? problem = null;
        if (_isRoot)
        {
            (string? mirrored, problem) = await MirroredAsync(cancellation);
            if (mirrored is not null)
                return mirrored;
        }
        NoAnswerException? unlisted = _isOfServer ? await FindAsync(cancellation) : null;
        byte[] note =
            await GetAsync("checkpoint", cancellation)
            ?? throw problem
                ?? unlisted
                ?? new NoAnswerException("it has no log: GET checkpoint is 404; correct the log's address");
        // Without the list of the server's logs it may be the one that follows.
        return unlisted is null || IsOfLog(note) ? Encoding.UTF8.GetString(note) : throw unlisted;
    }

    /// <summary>The bytes of a tile or bundle of entries, not yet verified.</summary>
    /// <exception cref="NoAnswerException">There is none.</exception>
    public async Task<byte[]> TileAsync(TilePath path, CancellationToken cancellation)
    {
        bool isPartial = path.Width < TilePath.FullWidth;
        NoAnswerException? problem = null;
        try
        {
            if (await GetAsync($"{path}", cancellation) is { } bytes)
                return bytes;
        }
        catch (NoAnswerException e) when (isPartial && e.Status is not null)
        {
            problem = e;
        }
        // A log may have deleted a partial tile that has become full since (https://c2sp.org/tlog-tiles).
        if (isPartial && await GetAsync($"{path with { Width = TilePath.FullWidth }}", cancellation) is { } full)
            return full;
        throw problem ?? new NoAnswerException($"it does not have {path}, which its checkpoint covers");
    }

    public void Dispose() => _server.Dispose();

    private Task<byte[]?> GetAsync(string path, CancellationToken cancellation) =>
        _server.GetAsync($"{_path}/{path}".TrimStart('/'), cancellation);

    /// <summary>
    /// The checkpoint of a mirror that is all that its web server has. Only a checkpoint of the log shows that it is
    /// one: some servers answer anything to what they don't have.
    /// </summary>
    private async Task<(string? Note, NoAnswerException? Problem)> MirroredAsync(CancellationToken cancellation)
    {
        _path = "";
        try
        {
            return await GetAsync("checkpoint", cancellation) is { } note && IsOfLog(note)
                ? (Encoding.UTF8.GetString(note), null)
                : (null, null);
        }
        catch (NoAnswerException e)
        {
            return (null, e);
        }
    }

    private bool IsOfLog(ReadOnlySpan<byte> note) => note.StartsWith(Encoding.UTF8.GetBytes($"{_key.Name}\n"));

    /// <summary>
    /// Finds the log of this key among those of its server. The server's first address is that of the log which it
    /// continues at present: another one after a rotation.
    /// </summary>
    /// <returns>Why there is no list of logs; null if there is one, or the server has none.</returns>
    private async Task<NoAnswerException?> FindAsync(CancellationToken cancellation)
    {
        _path = Current;
        try
        {
            ServedLog? found = (await ServedLog.AllAsync(_server, cancellation)).FirstOrDefault(log =>
                log.Key == _key.ToString()
            );
            IsRevoked = found?.Revocation is { } note && Revokes(note);
            if (found?.Path is { } path && LogPath().IsMatch(path))
                _path = path;
            return null;
        }
        catch (NoAnswerException e)
        {
            return e;
        }
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
