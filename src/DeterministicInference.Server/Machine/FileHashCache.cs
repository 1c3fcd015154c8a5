using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Machine;

/// <summary>
/// Caches hashes of files in a small file of the data folder, so that a start does not read unchanged weights again.
/// Losing the cache only costs time. Thread-safe.
/// </summary>
internal sealed partial class FileHashCache(string folder, TimeProvider time, ILogger logger)
{
    private const string Header = "deterministic-inference file hashes 1",
        FooterPrefix = "sha256 ";

    /// <summary>A larger file was not written by this server.</summary>
    private const int LargestFile = 16 << 20;

    /// <summary>
    /// Two changes within one tick of the file system's clock leave the same times. A tick is a few milliseconds on
    /// local file systems and two seconds on the coarsest.
    /// </summary>
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly string _file = Path.Combine(folder, "model-hashes");
    private readonly Dictionary<string, (FileIdentity Identity, Sha256Value Hash)> _computed = new(
        StringComparer.Ordinal
    );
    private Dictionary<string, (FileIdentity Identity, Sha256Value Hash)>? _known;
    private bool _isChanged;

    /// <summary>The hash of a file: cached if the file is unchanged, else computed.</summary>
    public async ValueTask<Sha256Value> HashAsync(string path, Func<ValueTask<Sha256Value>> read)
    {
        string full = Path.GetFullPath(path);
        // Read before the content, so that a later write changes it.
        FileIdentity? before = FileIdentity.Of(full);
        if (before is { } identity && Find(full, identity) is { } known)
            return known;
        DateTimeOffset began = time.GetUtcNow();
        Sha256Value hash = await read();
        if (before is { } seen && FileIdentity.Of(full) == seen)
        {
            lock (_gate)
                _computed[full] = (seen, hash);
            if (!full.Any(char.IsControl) && IsSettled(seen, began))
                Add(full, seen, hash);
        }
        return hash;
    }

    /// <summary>Saves the hashes that were added.</summary>
    public void Save()
    {
        lock (_gate)
        {
            if (!_isChanged || _known is null)
                return;
            _isChanged = false;
            try
            {
                Write(_known);
            }
            catch (Exception e) when (WriteFailure.Is(e))
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

    /// <summary>
    /// The hash that a file of this identity had when it was read last; null if it was not. Only for whoever watches
    /// the file's changes: two within one tick of the clock leave one identity.
    /// </summary>
    /// <param name="path">Full path.</param>
    /// <param name="identity">Identity of the content.</param>
    public Sha256Value? Known(string path, FileIdentity identity)
    {
        lock (_gate)
        {
            if (
                _computed.TryGetValue(path, out (FileIdentity Identity, Sha256Value Hash) file)
                && file.Identity == identity
            )
                return file.Hash;
        }
        return Find(path, identity);
    }

    private Sha256Value? Find(string path, FileIdentity identity)
    {
        lock (_gate)
        {
            _known ??= Read();
            return
                _known.TryGetValue(path, out (FileIdentity Identity, Sha256Value Hash) known)
                && known.Identity == identity
                ? known.Hash
                : null;
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
        foreach (
            (string path, (FileIdentity identity, Sha256Value hash)) in known
                .Where(file => File.Exists(file.Key))
                .OrderBy(file => file.Key, StringComparer.Ordinal)
        )
        {
            text.Append($"{hash} {identity} {path}\n");
        }
        byte[] body = Encoding.UTF8.GetBytes(text.ToString());
        Directory.CreateDirectory(folder);
        AtomicFile.Replace(_file, [.. body, .. Encoding.UTF8.GetBytes($"{FooterPrefix}{Sha256Value.Of(body)}\n")]);
    }

    private Dictionary<string, (FileIdentity Identity, Sha256Value Hash)> Read()
    {
        try
        {
            var file = new FileInfo(_file);
            if (!file.Exists)
                return [];
            bool isOurs =
                OperatingSystem.IsWindows()
                || (file.UnixFileMode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) == 0;
            if (isOurs && file.Length <= LargestFile && Parse(File.ReadAllBytes(_file)) is { } known)
                return known;
            Ignored(_file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Ignored(_file);
        }
        return [];
    }

    /// <returns>Parses the output of <see cref="Write"/>; null for anything else.</returns>
    private static Dictionary<string, (FileIdentity Identity, Sha256Value Hash)>? Parse(byte[] bytes)
    {
        int footer = bytes.Length - (FooterPrefix.Length + (2 * Sha256Value.Size) + 1);
        if (
            footer < 0
            || Encoding.UTF8.GetString(bytes, footer, bytes.Length - footer)
                != $"{FooterPrefix}{Sha256Value.Of(bytes.AsSpan(0, footer))}\n"
        )
            return null;
        string[] lines = Encoding.UTF8.GetString(bytes, 0, footer).Split('\n');
        if (lines[0] != Header || lines[^1].Length > 0)
            return null;
        var known = new Dictionary<string, (FileIdentity, Sha256Value)>(StringComparer.Ordinal);
        foreach (string line in lines.AsSpan(1, lines.Length - 2))
        {
            string[] words = line.Split(' ', 7);
            if (
                words.Length != 7
                || !Sha256Value.TryParse(words[0], out Sha256Value hash)
                || FileIdentity.Parse(words.AsSpan(1, 5)) is not { } identity
            )
                return null;
            known[words[6]] = (identity, hash);
        }
        return known;
    }

    [LoggerMessage(
        LogLevel.Warning,
        "The file {File} is damaged, or was not written by this server, and is ignored: the model's files are "
            + "hashed again"
    )]
    private partial void Ignored(string file);

    [LoggerMessage(
        LogLevel.Warning,
        "The hashes of the model's files can't be saved to {File}, so the next start hashes the files again: "
            + "{Problem}"
    )]
    private partial void NotKept(string file, string problem);
}
