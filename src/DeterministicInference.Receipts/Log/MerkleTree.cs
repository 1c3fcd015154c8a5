using System.Numerics;

namespace DeterministicInference.Receipts.Log;

/// <summary>
/// A growing tree, of which only the right edge is held. What it adds to tiles is handed out to be stored. For one
/// thread.
/// </summary>
public sealed class MerkleTree
{
    /// <summary>
    /// By height: the root of the complete subtree of 2^height leaves that ends at the right edge of what the lower
    /// bits of the size leave.
    /// </summary>
    private readonly Sha256Value[] _edge;
    private readonly byte[][] _tiles;
    private readonly Dictionary<(int Level, long Index), byte[]> _changed = [];

    /// <summary>A tree without leaves.</summary>
    public MerkleTree() =>
        (_edge, _tiles) = (
            new Sha256Value[64],
            [.. Enumerable.Range(0, TilePath.Levels).Select(_ => Array.Empty<byte>())]
        );

    private MerkleTree(MerkleTree other)
        : this()
    {
        Size = other.Size;
        other._edge.CopyTo(_edge, 0);
        for (int level = 0; level < _tiles.Length; level++)
            _tiles[level] = [.. other._tiles[level]];
    }

    /// <summary>Leaves.</summary>
    public long Size { get; private set; }

    /// <summary>The tree hash of all leaves.</summary>
    public Sha256Value Root
    {
        get
        {
            Sha256Value? root = null;
            for (int height = 0; height < _edge.Length; height++)
            {
                if ((Size >> height & 1) != 0)
                    root = root is { } right ? MerkleHash.Node(_edge[height], right) : _edge[height];
            }
            return root ?? MerkleHash.Empty;
        }
    }

    /// <summary>
    /// Takes up a stored tree at its right edge, which is computed from the right-most tile of each level.
    /// </summary>
    /// <exception cref="InvalidDataException">
    /// A right-most tile is missing, or has not as many hashes as the size demands.
    /// </exception>
    public static MerkleTree Load(long size, TileReader read)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        ArgumentNullException.ThrowIfNull(read);
        var tree = new MerkleTree { Size = size };
        for (int level = 0; level < TilePath.Levels; level++)
        {
            long count = TilePath.HashesOn(level, size);
            int width = (int)(count % TilePath.FullWidth);
            if (width == 0)
                continue;
            ReadOnlySpan<byte> stored = read(level, count / TilePath.FullWidth).Span;
            if (stored.Length != width * Sha256Value.Size)
            {
                var path = new TilePath(level, count / TilePath.FullWidth, width);
                throw new InvalidDataException(
                    $"{path} holds {stored.Length} bytes instead of {width * Sha256Value.Size}"
                );
            }
            tree._tiles[level] = stored.ToArray();
            for (int bit = 0; bit < 8; bit++)
            {
                if ((width >> bit & 1) == 0)
                    continue;
                int first = width >> (bit + 1) << (bit + 1);
                tree._edge[8 * level + bit] = SubtreeHashes.Root(
                    stored.Slice(first * Sha256Value.Size, Sha256Value.Size << bit)
                );
            }
        }
        return tree;
    }

    /// <summary>The same tree, to be grown on trial.</summary>
    public MerkleTree Clone() => new(this);

    /// <summary>Adds a leaf at the right.</summary>
    /// <returns>Its index.</returns>
    public long Append(Sha256Value leaf)
    {
        int heights = BitOperations.TrailingZeroCount(~Size);
        Sha256Value hash = leaf;
        Store(0, hash);
        for (int height = 0; height < heights; height++)
        {
            hash = MerkleHash.Node(_edge[height], hash);
            if ((height + 1) % 8 == 0)
                Store((height + 1) / 8, hash);
        }
        _edge[heights] = hash;
        return Size++;
    }

    /// <summary>The tiles that have grown since the last call.</summary>
    public IReadOnlyList<Tile> TakeChanged()
    {
        List<Tile> taken = [.. _changed.Select(tile => new Tile(tile.Key.Level, tile.Key.Index, tile.Value))];
        _changed.Clear();
        return taken;
    }

    private void Store(int level, Sha256Value hash)
    {
        // Called before the size has grown: the tile that the hash belongs to is the one that is not full yet.
        long index = TilePath.HashesOn(level, Size) / TilePath.FullWidth;
        byte[] grown = [.. _tiles[level], .. hash.ToArray()];
        _changed[(level, index)] = grown;
        _tiles[level] = grown.Length == TilePath.FullWidth * Sha256Value.Size ? [] : grown;
    }
}
