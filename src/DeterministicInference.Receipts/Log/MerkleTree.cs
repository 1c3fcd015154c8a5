namespace DeterministicInference.Receipts.Log;

/// <summary>
/// A growing tree, of which only the right edge is held: the last tile of each level, and those before it that have
/// become full since <see cref="Keep"/>, each with the nodes above its hashes. So what was added since then is proved
/// without reading or hashing again. For one thread.
/// </summary>
internal sealed class MerkleTree
{
    private const int Heights = 63;

    private readonly HeldLevel[] _levels = [.. Enumerable.Range(0, TilePath.Levels).Select(_ => new HeldLevel())];

    /// <summary>By height, the hash of the last leaves that don't fill a subtree of that height.</summary>
    private readonly Sha256Value?[] _rests = new Sha256Value?[Heights + 1];
    private long _restsOf = -1;

    /// <summary>Leaves.</summary>
    public long Size { get; private set; }

    /// <summary>The tree hash of all leaves.</summary>
    public Sha256Value Root
    {
        get
        {
            HashRests();
            return _rests[Heights] ?? MerkleHash.Empty;
        }
    }

    /// <summary>Takes up a stored tree at its right edge, from the last tile of each level.</summary>
    /// <exception cref="InvalidDataException">
    /// A last tile is missing, or has not as many hashes as the size demands.
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
            for (int i = 0; i < width; i++)
            {
                tree.Add(
                    level * TilePath.Height,
                    count - width + i,
                    new Sha256Value(stored.Slice(i * Sha256Value.Size, Sha256Value.Size))
                );
            }
        }
        return tree;
    }

    /// <summary>Adds a leaf at the right.</summary>
    /// <returns>Its index.</returns>
    public long Append(Sha256Value leaf)
    {
        _restsOf = -1;
        Sha256Value? full = leaf;
        // A full tile is a hash of the level above.
        for (int height = 0; full is { } hash; height += TilePath.Height)
            full = Add(height, Size >> height, hash);
        return Size++;
    }

    /// <summary>Takes the last leaves back, down to no fewer than there were at <see cref="Keep"/>.</summary>
    public void Truncate(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, Size);
        (Size, _restsOf) = (size, -1);
        for (int level = 0; level < TilePath.Levels; level++)
            _levels[level].RemoveAfter(TilePath.HashesOn(level, size) / TilePath.FullWidth);
    }

    /// <summary>Forgets the tiles that have become full: what they hold is stored.</summary>
    public void Keep()
    {
        for (int level = 0; level < TilePath.Levels; level++)
            _levels[level].RemoveBefore(TilePath.HashesOn(level, Size) / TilePath.FullWidth);
    }

    /// <summary>The tiles that have grown since the tree had <paramref name="size"/> leaves, and are held.</summary>
    public IEnumerable<Tile> GrownSince(long size)
    {
        for (int level = 0; level < TilePath.Levels; level++)
        {
            long before = TilePath.HashesOn(level, size),
                count = TilePath.HashesOn(level, Size);
            for (
                long index = before / TilePath.FullWidth;
                index * TilePath.FullWidth < count && count > before;
                index++
            )
            {
                int width = (int)Math.Min(count - index * TilePath.FullWidth, TilePath.FullWidth);
                yield return new Tile(level, index, _levels[level][index].Bytes(width));
            }
        }
    }

    /// <summary>
    /// The hashes that lead from a leaf to the root, beginning with the leaf's sibling; the same as
    /// <see cref="MerkleProof.Inclusion"/>.
    /// </summary>
    /// <param name="index">Of a leaf whose tile is held, such as one that was added since <see cref="Keep"/>.</param>
    public IReadOnlyList<Sha256Value> Inclusion(long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Size);
        HashRests();
        var proof = new List<Sha256Value>();
        for (int height = 0; Size - 1 >> height > 0; height++)
        {
            long sibling = index >> height ^ 1;
            if (sibling + 1 << height <= Size)
                proof.Add(Node(height, sibling));
            else if (sibling << height < Size)
                proof.Add(_rests[height]!.Value);
        }
        return proof;
    }

    /// <summary>Adds a hash to a tile, and the nodes above it that become complete.</summary>
    /// <param name="height">Of the hash; a multiple of the height of a tile.</param>
    /// <param name="position">Among the nodes of that height.</param>
    /// <param name="hash">The hash.</param>
    /// <returns>The node above the tile if the tile is full now.</returns>
    private Sha256Value? Add(int height, long position, Sha256Value hash)
    {
        HeldTile tile = _levels[height / TilePath.Height].At(position / TilePath.FullWidth);
        int at = (int)(position % TilePath.FullWidth);
        for (int within = 0; within < TilePath.Height; within++, at >>= 1)
        {
            tile[within, at] = hash;
            if ((at & 1) == 0)
                return null;
            hash = MerkleHash.Node(tile[within, at - 1], hash);
        }
        return hash;
    }

    private Sha256Value Node(int height, long position)
    {
        int level = height / TilePath.Height,
            within = height % TilePath.Height;
        long inTile = 1L << TilePath.Height - within;
        return _levels[level][position / inTile][within, (int)(position % inTile)];
    }

    private void HashRests()
    {
        if (_restsOf == Size)
            return;
        Sha256Value? rest = null;
        for (int height = 0; height < Heights; height++)
        {
            _rests[height] = rest;
            long count = Size >> height;
            if ((count & 1) == 0)
                continue;
            Sha256Value node = Node(height, count - 1);
            rest = rest is { } right ? MerkleHash.Node(node, right) : node;
        }
        _rests[Heights] = rest;
        _restsOf = Size;
    }

    /// <summary>The held tiles of a level: neighbours, the last of which is the last of the level.</summary>
    private sealed class HeldLevel
    {
        private readonly List<HeldTile> _tiles = [];
        private long _first;

        public HeldTile this[long index] => _tiles[checked((int)(index - _first))];

        public HeldTile At(long index)
        {
            if (_tiles.Count == 0)
                _first = index;
            if (index == _first + _tiles.Count)
                _tiles.Add(new HeldTile());
            return this[index];
        }

        public void RemoveBefore(long index)
        {
            int count = (int)Math.Clamp(index - _first, 0, _tiles.Count);
            _tiles.RemoveRange(0, count);
            _first += count;
        }

        public void RemoveAfter(long index)
        {
            int count = (int)Math.Clamp(index + 1 - _first, 0, _tiles.Count);
            _tiles.RemoveRange(count, _tiles.Count - count);
        }
    }

    /// <summary>The hashes of a tile and the nodes above them.</summary>
    private sealed class HeldTile
    {
        private readonly Sha256Value[][] _nodes = new Sha256Value[TilePath.Height][];

        public Sha256Value this[int within, int at]
        {
            get => _nodes[within][at];
            set => (_nodes[within] ??= new Sha256Value[TilePath.FullWidth >> within])[at] = value;
        }

        public byte[] Bytes(int width)
        {
            var bytes = new byte[width * Sha256Value.Size];
            for (int i = 0; i < width; i++)
                this[0, i].CopyTo(bytes.AsSpan(i * Sha256Value.Size));
            return bytes;
        }
    }
}
