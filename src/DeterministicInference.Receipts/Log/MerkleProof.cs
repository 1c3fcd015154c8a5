namespace DeterministicInference.Receipts.Log;

/// <summary>Proofs of RFC 6962, section 2.1, made from tiles and checked without them.</summary>
internal static class MerkleProof
{
    /// <summary>The tree hash of the first <paramref name="size"/> leaves.</summary>
    /// <exception cref="InvalidDataException">A tile is missing or too short.</exception>
    public static Sha256Value Root(long size, TileReader read) => new SubtreeHashes(read).Range(0, size);

    /// <summary>The hashes that lead from a leaf to the root, beginning with the leaf's sibling.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The tree has no such leaf.</exception>
    /// <exception cref="InvalidDataException">A tile is missing or too short.</exception>
    public static IReadOnlyList<Sha256Value> Inclusion(long index, long size, TileReader read)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var hashes = new SubtreeHashes(read);
        var proof = new List<Sha256Value>();
        long start = 0,
            end = size;
        while (end - start > 1)
        {
            long middle = start + SubtreeHashes.Split(end - start);
            if (index < middle)
            {
                proof.Add(hashes.Range(middle, end));
                end = middle;
            }
            else
            {
                proof.Add(hashes.Range(start, middle));
                start = middle;
            }
        }
        proof.Reverse();
        return proof;
    }

    /// <summary>
    /// The hashes that show that the tree of <paramref name="from"/> leaves is the beginning of the one of
    /// <paramref name="to"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The first size is greater than the second, or negative.
    /// </exception>
    /// <exception cref="InvalidDataException">A tile is missing or too short.</exception>
    public static IReadOnlyList<Sha256Value> Consistency(long from, long to, TileReader read)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(from, to);
        var proof = new List<Sha256Value>();
        if (from == 0 || from == to)
            return proof;
        var hashes = new SubtreeHashes(read);
        long start = 0,
            end = to;
        while (from != end)
        {
            long middle = start + SubtreeHashes.Split(end - start);
            if (from <= middle)
            {
                proof.Add(hashes.Range(middle, end));
                end = middle;
            }
            else
            {
                proof.Add(hashes.Range(start, middle));
                start = middle;
            }
        }
        // The verifier knows the old root; only a part of it has to be told.
        if (start > 0)
            proof.Add(hashes.Range(start, end));
        proof.Reverse();
        return proof;
    }

    /// <summary>Is the leaf at this place in the tree with this root?</summary>
    public static bool VerifyInclusion(
        Sha256Value leaf,
        long index,
        long size,
        IReadOnlyList<Sha256Value> proof,
        Sha256Value root
    )
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (index < 0 || index >= size)
            return false;
        Sha256Value hash = leaf;
        long place = index,
            last = size - 1;
        foreach (Sha256Value other in proof)
        {
            if (last == 0)
                return false;
            if ((place & 1) != 0 || place == last)
            {
                hash = MerkleHash.Node(other, hash);
                for (; (place & 1) == 0 && place != 0; place >>= 1)
                    last >>= 1;
            }
            else
            {
                hash = MerkleHash.Node(hash, other);
            }
            place >>= 1;
            last >>= 1;
        }
        return last == 0 && hash == root;
    }

    /// <summary>Is the tree with the first root the beginning of the one with the second?</summary>
    public static bool VerifyConsistency(
        long from,
        Sha256Value fromRoot,
        long to,
        Sha256Value toRoot,
        IReadOnlyList<Sha256Value> proof
    )
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (from < 0 || from > to)
            return false;
        if (from == 0)
            return proof.Count == 0 && fromRoot == MerkleHash.Empty;
        if (from == to)
            return proof.Count == 0 && fromRoot == toRoot;

        long place = from - 1,
            last = to - 1;
        for (; (place & 1) != 0; place >>= 1)
            last >>= 1;
        int next = 0;
        if (place != 0 && proof.Count == 0)
            return false;
        // The old tree is one complete subtree: its root is where both begin.
        Sha256Value old = place == 0 ? fromRoot : proof[next++],
            grown = old;
        for (; next < proof.Count; next++)
        {
            if (last == 0)
                return false;
            if ((place & 1) != 0 || place == last)
            {
                old = MerkleHash.Node(proof[next], old);
                grown = MerkleHash.Node(proof[next], grown);
                for (; (place & 1) == 0 && place != 0; place >>= 1)
                    last >>= 1;
            }
            else
            {
                grown = MerkleHash.Node(grown, proof[next]);
            }
            place >>= 1;
            last >>= 1;
        }
        return last == 0 && old == fromRoot && grown == toRoot;
    }
}
