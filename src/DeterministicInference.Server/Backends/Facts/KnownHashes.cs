using System.Text;
using DeterministicInference.Receipts;

namespace DeterministicInference.Server.Backends.Facts;

/// <summary>
/// The hashes of files that were read before, in a small file of the data folder, so that a start does not read weights that did not change.
/// Losing it costs time, nothing else. Safe for concurrent use.
/// </summary>
internal sealed partial class KnownHashes(string folder, TimeProvider time, ILogger logger)
{
    private const string Header = "deterministic-inference file hashes 1", FooterPrefix = "sha256 ";

    /// <summary>More was not written by us.</summary>
    private const int LargestFile = 16 << 20;

    /// <summary>
    /// Two changes within one tick of the file system's clock leave the same times. A tick is a few milliseconds on local file systems
    /// and two seconds on the coarsest.
    /// </summary>
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly string _file = Path.Combine(folder, "model-hashes");
    private Dictionary<string, (FileIdentity Identity, Sha256Value Hash)>? _known;
    private bool _isChanged;

    /// <summary>The hash of a file that did not change since it was read, or of reading it now.</summary>
    public async ValueTask<Sha256Value> HashAsync(string path, Func<ValueTask<Sha256Value>> read)
    {
        string full = Path.GetFullPath(path);
        // Before the content: what is written later shows in its times.
        FileIdentity? before = FileIdentity.Of(full);
        if (before is { } identity && Find(full, identity) is { } known) return known;
        DateTimeOffset began = time.GetUtcNow();
        Sha256Value hash = await read();
        if (before is { } seen && !full.Any(char.IsControl) && IsSettled(seen, began) && FileIdentity.Of(full) == seen) Add(full, seen, hash);
        return hash;
    }

    /// <summary>Writes down what was learned since.</summary>
    public void Save()
    {
        lock (_gate)
        {
            if (!_isChanged || _known is null) return;
            _isChanged = false;
            try
            {
                Write(_known);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                NotKept(_file, e.Message);
            }
        }
    }

    private static bool IsSettled(FileIdentity identity, DateTimeOffset now)
    {
        long latest = ((now - DateTimeOffset.UnixEpoch).Ticks - Tick.Ticks) * TimeSpan.NanosecondsPerTick;
        return identity.Changed < latest && identity.Modified < latest;
    }

    private Sha256Value? Find(string path, FileIdentity identity)
    {
        lock (_gate)
        {
            _known ??= Read();
            return _known.TryGetValue(path, out (FileIdentity Identity, Sha256Value Hash) known) && known.Identity == identity ? known.Hash : null;
        }
    }

    private void Add(string path, FileIdentity identity, Sha256Value hash)
    {
        lock (_gate)
        {
            (_known ??= Read())[path] = (identity, hash);
            _isChanged = true;
        }
    }

    private void Write(Dictionary<string, (FileIdentity Identity, Sha256Value Hash)> known)
    {
        var text = new StringBuilder(Header).Append('\n');
        foreach ((string path, (FileIdentity identity, Sha256Value hash)) in known.Where(file => File.Exists(file.Key)).OrderBy(file => file.Key, StringComparer.Ordinal))
        {
            text.Append($"{hash} {identity} {path}\n");
        }
        byte[] body = Encoding.UTF8.GetBytes(text.ToString());
        string unfinished = _file + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Directory.CreateDirectory(folder);
        using (var stream = new FileStream(unfinished, options))
        {
            stream.Write(body);
            stream.Write(Encoding.UTF8.GetBytes($"{FooterPrefix}{Sha256Value.Of(body)}\n"));
            stream.Flush(flushToDisk: true);
        }
        File.Move(unfinished, _file, overwrite: true);
    }

    private Dictionary<string, (FileIdentity Identity, Sha256Value Hash)> Read()
    {
        try
        {
            var file = new FileInfo(_file);
            if (!file.Exists) return [];
            bool isOurs = OperatingSystem.IsWindows() || (file.UnixFileMode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) == 0;
            if (isOurs && file.Length <= LargestFile && Parse(File.ReadAllBytes(_file)) is { } known) return known;
            Ignored(_file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Ignored(_file);
        }
        return [];
    }

    /// <returns>Null for anything but what <see cref="Write"/> wrote.</returns>
    private static Dictionary<string, (FileIdentity Identity, Sha256Value Hash)>? Parse(byte[] bytes)
    {
        int footer = bytes.Length - (FooterPrefix.Length + (2 * Sha256Value.Size) + 1);
        if (footer < 0 || Encoding.UTF8.GetString(bytes, footer, bytes.Length - footer) != $"{FooterPrefix}{Sha256Value.Of(bytes.AsSpan(0, footer))}\n") return null;
        string[] lines = Encoding.UTF8.GetString(bytes, 0, footer).Split('\n');
        if (lines[0] != Header || lines[^1].Length > 0) return null;
        var known = new Dictionary<string, (FileIdentity, Sha256Value)>(StringComparer.Ordinal);
        foreach (string line in lines.AsSpan(1, lines.Length - 2))
        {
            string[] words = line.Split(' ', 7);
            if (words.Length != 7 || !Sha256Value.TryParse(words[0], out Sha256Value hash) || FileIdentity.Parse(words.AsSpan(1, 5)) is not { } identity) return null;
            known[words[6]] = (identity, hash);
        }
        return known;
    }

    [LoggerMessage(LogLevel.Warning, "The file {File} is damaged, or not this server's, and is ignored: the model's files are read anew")]
    private partial void Ignored(string file);

    [LoggerMessage(LogLevel.Warning, "The hashes of the model's files can't be kept in {File}, and the next start reads the files anew: {Problem}")]
    private partial void NotKept(string file, string problem);
}
