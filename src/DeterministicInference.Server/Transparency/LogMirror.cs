using System.Globalization;
using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Servers;
using DeterministicInference.Server.Native;
using DeterministicInference.Server.Verification;

namespace DeterministicInference.Server.Transparency;

/// <summary>
/// A copy of a log in a folder, laid out as C2SP tlog-tiles names its resources, so that any web server serves it. It
/// only grows: what the log shows next must begin with it.
/// </summary>
/// <param name="folder">The folder; created if it is missing.</param>
/// <param name="source">The log.</param>
/// <param name="key">The log's name and key.</param>
/// <param name="keepsEntries">Whether the entries are copied and checked too, and not only their hashes.</param>
internal sealed class LogMirror(string folder, LogSource source, NoteKey key, bool keepsEntries)
{
    /// <summary>Others may read a mirror: a log has no secrets.</summary>
    private const UnixFileMode Readable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private string CheckpointFile => Path.Combine(folder, "checkpoint");

    /// <summary>What was fetched and does not count until it gives the signed root.</summary>
    private string Incoming => Path.Combine(folder, "incoming");

    /// <summary>Takes over what the log has added.</summary>
    /// <returns>The number of entries before and now, and how the log ended; null if it goes on.</returns>
    /// <exception cref="LogHistoryException">The log does not begin with what it showed before.</exception>
    /// <exception cref="NoAnswerException">
    /// The log can't be read at present, or what it serves is not what it signed.
    /// </exception>
    /// <exception cref="InputException">The folder has another log, or is damaged.</exception>
    public async Task<(long Before, long Now, LogEnd? End)> UpdateAsync(CancellationToken cancellation)
    {
        string? before = File.Exists(CheckpointFile) ? await File.ReadAllTextAsync(CheckpointFile, cancellation) : null;
        Checkpoint kept = Kept(before);
        string note = await source.CheckpointAsync(cancellation);
        Checkpoint shown = Shown(note);
        MerkleTree tree = Load(kept);
        if (Directory.Exists(Incoming))
            Directory.Delete(Incoming, recursive: true);
        if (keepsEntries)
            await CopyMissingEntriesAsync(kept.Size, shown.Size, cancellation);
        if (shown.Size > kept.Size)
            await GrowAsync(tree, shown, cancellation);
        if ((shown.Size < kept.Size ? RootAt(kept, shown.Size) : tree.Root) != shown.Root)
            throw await ContradictionAsync(kept, before, shown, note, cancellation);
        // An older state of the same log: of a cache, or of a log that was set back and will fork as it grows.
        if (shown.Size < kept.Size)
            throw new NoAnswerException(
                $"it shows a checkpoint of {shown.Size} entries, and has shown one of {kept.Size}: it is an old copy, "
                    + "or the log was set back"
            );
        if (shown.Size > kept.Size)
        {
            if (EndOf(folder, kept.Size) is not null)
                throw new NoAnswerException($"it has {shown.Size} entries, and had ended with {kept.Size}");
            await CopyEndAsync(shown, cancellation);
            TakeIncoming();
        }
        // Of the same size, it may have further cosignatures.
        if (note != before)
            AtomicFile.Replace(CheckpointFile, Encoding.UTF8.GetBytes(note), Readable);
        return (kept.Size, shown.Size, EndOf(folder, shown.Size));
    }

    /// <summary>Whoever keeps no entries keeps the last one, and those beside it, if it ends the log.</summary>
    private async Task CopyEndAsync(Checkpoint shown, CancellationToken cancellation)
    {
        TilePath leaves = LeafTile((shown.Size - 1) / TilePath.FullWidth, shown.Size),
            entries = leaves with { Level = TilePath.EntriesLevel };
        if (File.Exists(FileOf(Incoming, entries)))
            return;
        byte[] bundle = await EntriesAsync(
            entries,
            entries.Width,
            ReadIncoming(0, leaves.Index).ToArray(),
            cancellation
        );
        if (LogEntry.TryParseClose(EntryBundle.Last(bundle), out _))
            Write(Incoming, entries, bundle);
    }

    /// <summary>How a log of this size ended; null if it goes on, as far as its entries are copied.</summary>
    private static LogEnd? EndOf(string from, long size)
    {
        if (size == 0)
            return null;
        TilePath path = LeafTile((size - 1) / TilePath.FullWidth, size) with { Level = TilePath.EntriesLevel };
        string file = FileOf(from, path);
        if (!File.Exists(file))
            return null;
        return LogEntry.TryParseClose(EntryBundle.Last(File.ReadAllBytes(file)), out LogEnd? end) ? end : null;
    }

    /// <summary>
    /// Accuses the log only if all that it serves now gives the root that it signed now, and an entry of it is another
    /// one than the same key has signed before. Anything else may be a cache's or a network's fault.
    /// </summary>
    private async Task<Exception> ContradictionAsync(
        Checkpoint kept,
        string? before,
        Checkpoint shown,
        string note,
        CancellationToken cancellation
    )
    {
        var served = new Dictionary<long, ReadOnlyMemory<byte>>();
        var tree = new MerkleTree();
        long? first = null;
        TileReader copied = ReaderOf(kept.Size);
        for (long index = 0; index * TilePath.FullWidth < shown.Size; index++)
        {
            TilePath path = LeafTile(index, shown.Size);
            byte[] hashes = await HashesAsync(path, cancellation);
            for (int i = 0; i < path.Width; i++)
                tree.Append(HashAt(hashes, i));
            foreach (Tile tile in tree.GrownSince(index * TilePath.FullWidth))
                Stage(tile);
            tree.Keep();
            ReadOnlySpan<byte> own = copied(0, index).Span;
            int same = own.CommonPrefixLength(hashes.AsSpan(0, path.Width * Sha256Value.Size)) / Sha256Value.Size;
            if (first is null && same < Math.Min(own.Length / Sha256Value.Size, path.Width))
                first = index * TilePath.FullWidth + same;
        }
        if (tree.Root != shown.Root || first is not { } at || before is null)
            return new NoAnswerException($"its tiles do not give the root of its checkpoint of {shown.Size} entries");
        try
        {
            var proofBefore = new TlogProof(at, MerkleProof.Inclusion(at, kept.Size, copied), before);
            var proofNow = new TlogProof(at, MerkleProof.Inclusion(at, shown.Size, ReadIncoming), note);
            Sha256Value leafBefore = LeafAt(copied, at),
                leafNow = LeafAt(ReadIncoming, at);
            proofBefore.Verify(leafBefore, key);
            proofNow.Verify(leafNow, key);
            return new LogHistoryException(at, proofBefore, proofNow, (Text(leafBefore), Text(leafNow)));
        }
        catch (Exception e) when (e is LogFormatException or InvalidDataException)
        {
            return Damaged(e.Message.TrimEnd('.'));
        }

        static string Text(Sha256Value leaf) => Convert.ToBase64String(leaf.ToArray());

        static Sha256Value LeafAt(TileReader read, long at) =>
            HashAt(read(0, at / TilePath.FullWidth).Span, at % TilePath.FullWidth);
    }

    private InputException Damaged(string what) => new($"{folder}: is damaged: {what}. Give an empty folder.");

    private Sha256Value RootAt(Checkpoint kept, long size)
    {
        try
        {
            return MerkleProof.Root(size, ReaderOf(kept.Size));
        }
        catch (InvalidDataException e)
        {
            throw Damaged(e.Message);
        }
    }

    private Checkpoint Kept(string? note)
    {
        if (note is null)
            return new Checkpoint(key.Name, 0, MerkleHash.Empty);
        try
        {
            return Checkpoint.Verify(note, key);
        }
        catch (LogFormatException e)
        {
            throw new InputException(
                $"{CheckpointFile}: {e.Message.TrimEnd('.')}. Give another folder, or the key of the log that is in it."
            );
        }
    }

    private Checkpoint Shown(string note)
    {
        try
        {
            return Checkpoint.Verify(note, key);
        }
        catch (LogFormatException e)
        {
            throw new NoAnswerException($"its checkpoint is not one of this log: {e.Message.TrimEnd('.')}");
        }
    }

    private MerkleTree Load(Checkpoint kept)
    {
        try
        {
            MerkleTree tree = MerkleTree.Load(kept.Size, ReaderOf(kept.Size));
            return tree.Root == kept.Root
                ? tree
                : throw new InvalidDataException("its tiles do not give the root of its checkpoint");
        }
        catch (InvalidDataException e)
        {
            throw Damaged(e.Message);
        }
    }

    /// <summary>Fetches the leaves that the log has added, until one before them is another than it was.</summary>
    private async Task GrowAsync(MerkleTree tree, Checkpoint shown, CancellationToken cancellation)
    {
        TileReader copied = ReaderOf(tree.Size);
        for (long index = tree.Size / TilePath.FullWidth; index * TilePath.FullWidth < shown.Size; index++)
        {
            long from = tree.Size,
                first = index * TilePath.FullWidth;
            TilePath path = LeafTile(index, shown.Size);
            byte[] hashes = await HashesAsync(path, cancellation);
            int known = (int)(from - first) * Sha256Value.Size;
            if (known > 0 && !copied(0, index).Span.SequenceEqual(hashes.AsSpan(0, known)))
                return;
            if (keepsEntries)
                await CopyEntriesAsync(
                    path with
                    {
                        Level = TilePath.EntriesLevel,
                    },
                    path.Width,
                    hashes,
                    Incoming,
                    shown.Size,
                    cancellation
                );
            for (long leaf = from; leaf < first + path.Width; leaf++)
                tree.Append(HashAt(hashes, leaf - first));
            foreach (Tile tile in tree.GrownSince(from))
                Stage(tile);
            tree.Keep();
        }
    }

    /// <summary>Entries whose hashes alone were copied, by a monitor of the same folder.</summary>
    private async Task CopyMissingEntriesAsync(long size, long shown, CancellationToken cancellation)
    {
        TileReader copied = ReaderOf(size);
        for (long index = 0; index * TilePath.FullWidth < size; index++)
        {
            TilePath path = LeafTile(index, size) with { Level = TilePath.EntriesLevel };
            if (
                !File.Exists(FileOf(folder, path))
                && !File.Exists(FileOf(folder, path with { Width = TilePath.FullWidth }))
            )
                await CopyEntriesAsync(
                    path,
                    LeafTile(index, Math.Max(size, shown)).Width,
                    copied(0, index).ToArray(),
                    folder,
                    size,
                    cancellation
                );
        }
    }

    private async Task CopyEntriesAsync(
        TilePath path,
        int served,
        byte[] hashes,
        string to,
        long size,
        CancellationToken cancellation
    )
    {
        byte[] bundle = await EntriesAsync(path, served, hashes, cancellation);
        CheckLines(bundle, path.Index * TilePath.FullWidth, size);
        Write(to, path, bundle);
    }

    private void CheckLines(ReadOnlySpan<byte> bundle, long first, long size)
    {
        for (long index = first; EntryBundle.TryTake(ref bundle, out ReadOnlySpan<byte> entry); index++)
        {
            if (LogEntry.ProblemAt(entry, index, size, key) is { } problem)
                throw new NoAnswerException($"its entry {index} {problem}");
        }
    }

    /// <summary>A bundle of entries, whose hashes are those of the leaves.</summary>
    /// <param name="path">The bundle.</param>
    /// <param name="served">How many entries the log has in it at present: it need not serve fewer.</param>
    /// <param name="hashes">Of the leaves.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    private async Task<byte[]> EntriesAsync(TilePath path, int served, byte[] hashes, CancellationToken cancellation)
    {
        byte[] bundle = await source.TileAsync(path with { Width = served }, cancellation);
        ReadOnlySpan<byte> rest = bundle;
        for (int i = 0; i < path.Width; i++)
        {
            if (!EntryBundle.TryTake(ref rest, out ReadOnlySpan<byte> entry))
                throw new NoAnswerException($"its {path} has fewer entries than its name says");
            if (MerkleHash.Leaf(entry) != HashAt(hashes, i))
            {
                long index = path.Index * TilePath.FullWidth + i;
                throw new NoAnswerException($"its entry {index} is not the one whose hash stands in its tile");
            }
        }
        return bundle[..(bundle.Length - rest.Length)];
    }

    private async Task<byte[]> HashesAsync(TilePath path, CancellationToken cancellation)
    {
        byte[] hashes = await source.TileAsync(path, cancellation);
        return hashes.Length >= path.Width * Sha256Value.Size
            ? hashes
            : throw new NoAnswerException($"its {path} has only {hashes.Length} bytes");
    }

    /// <summary>
    /// Of the copies, what a log of this size has: a copy may have been interrupted before its checkpoint.
    /// </summary>
    private TileReader ReaderOf(long size) =>
        (level, index) =>
        {
            ReadOnlyMemory<byte> copied = Read(level, index);
            long hashes = TilePath.HashesOn(level, size) - index * TilePath.FullWidth;
            return copied[..(int)Math.Min(copied.Length, Math.Max(hashes, 0) * Sha256Value.Size)];
        };

    private ReadOnlyMemory<byte> ReadIncoming(int level, long index) => Read(Incoming, level, index);

    private ReadOnlyMemory<byte> Read(int level, long index) => Read(folder, level, index);

    /// <summary>The widest copy of a tile.</summary>
    private static ReadOnlyMemory<byte> Read(string from, int level, long index)
    {
        string full = FileOf(from, new TilePath(level, index, TilePath.FullWidth));
        if (File.Exists(full))
            return File.ReadAllBytes(full);
        string partial = full + ".p";
        if (!Directory.Exists(partial))
            return default;
        int widest = Directory
            .EnumerateFiles(partial)
            .Select(file =>
                int.TryParse(Path.GetFileName(file), CultureInfo.InvariantCulture, out int width) ? width : 0
            )
            .DefaultIfEmpty()
            .Max();
        return widest > 0 ? File.ReadAllBytes(FileOf(from, new TilePath(level, index, widest))) : default;
    }

    private void Stage(Tile tile) =>
        Write(Incoming, new TilePath(tile.Level, tile.Index, tile.Hashes.Length / Sha256Value.Size), tile.Hashes.Span);

    private static void Write(string to, TilePath path, ReadOnlySpan<byte> bytes)
    {
        string file = FileOf(to, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        AtomicFile.Replace(file, bytes, Readable);
    }

    /// <summary>
    /// Files of more leaves than the checkpoint covers do no harm, as they give a signed root: it is replaced last.
    /// </summary>
    private void TakeIncoming()
    {
        HashSet<string> changed = [];
        foreach (string file in Directory.EnumerateFiles(Incoming, "*", SearchOption.AllDirectories))
        {
            string place = Path.Combine(folder, Path.GetRelativePath(Incoming, file));
            Directory.CreateDirectory(Path.GetDirectoryName(place)!);
            File.Move(file, place, overwrite: true);
            for (string at = place; at != folder; changed.Add(at))
                at = Path.GetDirectoryName(at)!;
            // What it was before it was full.
            if (Directory.Exists(place + ".p"))
                Directory.Delete(place + ".p", recursive: true);
        }
        Directory.Delete(Incoming, recursive: true);
        foreach (string path in changed)
            AtomicFile.SyncFolder(path);
    }

    private static TilePath LeafTile(long index, long size) =>
        new(0, index, (int)Math.Min(TilePath.FullWidth, size - index * TilePath.FullWidth));

    private static string FileOf(string root, TilePath path) => Path.Combine([root, .. $"{path}".Split('/')]);

    private static Sha256Value HashAt(ReadOnlySpan<byte> hashes, long index) =>
        new(hashes.Slice((int)index * Sha256Value.Size, Sha256Value.Size));
}
