using System.Buffers.Binary;
using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Log;
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

    /// <summary>Takes over what the log has added.</summary>
    /// <returns>The number of entries before and now.</returns>
    /// <exception cref="LogHistoryException">The log does not begin with what it showed before.</exception>
    /// <exception cref="NoAnswerException">The log can't be read at present.</exception>
    /// <exception cref="InputException">The folder has another log, or is damaged.</exception>
    public async Task<(long Before, long Now)> UpdateAsync(CancellationToken cancellation)
    {
        string? before = File.Exists(CheckpointFile) ? await File.ReadAllTextAsync(CheckpointFile, cancellation) : null;
        Checkpoint kept = Kept(before);
        string note = await source.CheckpointAsync(cancellation);
        Checkpoint shown = Shown(note);
        MerkleTree tree = Load(kept);
        if (shown.Size > kept.Size)
            await GrowAsync(tree, shown, cancellation);
        Sha256Value root = shown.Size < kept.Size ? MerkleProof.Root(shown.Size, ReaderOf(kept.Size)) : tree.Root;
        if (root != shown.Root)
        {
            long? first = await FirstDifferenceAsync(kept.Size, shown.Size, cancellation);
            string finding = first is { } index
                ? $"entry {index} is not the one that the log showed before"
                : $"the tiles do not give the root of the checkpoint of {shown.Size} entries";
            throw new LogHistoryException(finding, before, note);
        }
        if (shown.Size > kept.Size)
            AtomicFile.Replace(CheckpointFile, Encoding.UTF8.GetBytes(note), Readable);
        return (kept.Size, Math.Max(kept.Size, shown.Size));
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
            throw new InputException($"{folder}: is damaged: {e.Message}. Give an empty folder.");
        }
    }

    /// <summary>
    /// Adds the leaves that the log has added. Files of more leaves than the checkpoint covers do no harm: the
    /// checkpoint is written last.
    /// </summary>
    private async Task GrowAsync(MerkleTree tree, Checkpoint shown, CancellationToken cancellation)
    {
        for (long index = tree.Size / TilePath.FullWidth; index * TilePath.FullWidth < shown.Size; index++)
        {
            long from = tree.Size,
                first = index * TilePath.FullWidth;
            var path = new TilePath(0, index, (int)Math.Min(TilePath.FullWidth, shown.Size - first));
            byte[] hashes = await HashesAsync(path, cancellation);
            int known = (int)(from - first) * Sha256Value.Size;
            // What stands before the new leaves is another history: the root will not be the one that was signed.
            if (!Read(0, index).Span.StartsWith(hashes.AsSpan(0, known)))
                return;
            if (keepsEntries)
                await CopyEntriesAsync(path with { Level = TilePath.EntriesLevel }, hashes, cancellation);
            for (long leaf = from; leaf < first + path.Width; leaf++)
                tree.Append(HashAt(hashes, leaf - first));
            foreach (Tile tile in tree.GrownSince(from))
            {
                Write(new TilePath(tile.Level, tile.Index, tile.Hashes.Length / Sha256Value.Size), tile.Hashes.Span);
            }
            tree.Keep();
        }
    }

    private async Task CopyEntriesAsync(TilePath path, byte[] hashes, CancellationToken cancellation)
    {
        byte[] bundle = await source.TileAsync(path, cancellation);
        int at = 0;
        for (int i = 0; i < path.Width; i++)
        {
            ReadOnlySpan<byte> rest = bundle.AsSpan(at);
            int length = rest.Length >= sizeof(ushort) ? BinaryPrimitives.ReadUInt16BigEndian(rest) : int.MaxValue;
            if (rest.Length - sizeof(ushort) < length)
                throw new NoAnswerException($"its {path} has fewer entries than its name says");
            if (MerkleHash.Leaf(rest.Slice(sizeof(ushort), length)) != HashAt(hashes, i))
            {
                throw new NoAnswerException(
                    $"its entry {path.Index * TilePath.FullWidth + i} is not the one whose hash stands in its tile"
                );
            }
            at += sizeof(ushort) + length;
        }
        Write(path, bundle.AsSpan(0, at));
    }

    private async Task<byte[]> HashesAsync(TilePath path, CancellationToken cancellation)
    {
        byte[] hashes = await source.TileAsync(path, cancellation);
        return hashes.Length >= path.Width * Sha256Value.Size
            ? hashes
            : throw new NoAnswerException($"its {path} has only {hashes.Length} bytes");
    }

    /// <summary>
    /// The first entry whose hash is not the one that was copied; null if all are, or what the log serves for it can't
    /// be read.
    /// </summary>
    private async Task<long?> FirstDifferenceAsync(long kept, long shown, CancellationToken cancellation)
    {
        long size = Math.Min(kept, shown);
        for (long index = 0; index * TilePath.FullWidth < size; index++)
        {
            long first = index * TilePath.FullWidth;
            var path = new TilePath(0, index, (int)Math.Min(TilePath.FullWidth, size - first));
            byte[] served;
            try
            {
                served = await HashesAsync(path, cancellation);
            }
            catch (NoAnswerException)
            {
                // The finding stands without the place.
                return null;
            }
            int same = ReaderOf(kept)(0, index).Span.CommonPrefixLength(served) / Sha256Value.Size;
            if (same < path.Width)
                return first + same;
        }
        return null;
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

    /// <summary>The widest copy of a tile.</summary>
    private ReadOnlyMemory<byte> Read(int level, long index)
    {
        string full = FileOf(new TilePath(level, index, TilePath.FullWidth));
        if (File.Exists(full))
            return File.ReadAllBytes(full);
        string partial = full + ".p";
        return
            Directory.Exists(partial)
            && Directory.EnumerateFiles(partial).MaxBy(file => new FileInfo(file).Length) is { } widest
            ? File.ReadAllBytes(widest)
            : default;
    }

    private void Write(TilePath path, ReadOnlySpan<byte> bytes)
    {
        string file = FileOf(path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        AtomicFile.Replace(file, bytes, Readable);
        // What it was before it was full.
        if (path.Width == TilePath.FullWidth && Directory.Exists(file + ".p"))
            Directory.Delete(file + ".p", recursive: true);
    }

    private string FileOf(TilePath path) => Path.Combine([folder, .. $"{path}".Split('/')]);

    private static Sha256Value HashAt(ReadOnlySpan<byte> hashes, long index) =>
        new(hashes.Slice((int)index * Sha256Value.Size, Sha256Value.Size));
}
