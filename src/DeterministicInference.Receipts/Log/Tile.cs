namespace DeterministicInference.Receipts.Log;

/// <summary>
/// Up to 256 neighbouring hashes of a Merkle tree. A tile only ever grows: a shorter one is the beginning of a longer
/// one. Only hashes of complete subtrees stand in tiles.
/// </summary>
/// <param name="Level">A hash in it is the root of 256^Level leaves.</param>
/// <param name="Index">Position on its level.</param>
/// <param name="Hashes">32 bytes each.</param>
internal sealed record Tile(int Level, long Index, ReadOnlyMemory<byte> Hashes);

/// <summary>Where the stored hashes of a tree come from.</summary>
/// <param name="level">Level of the tile.</param>
/// <param name="index">Its position on the level.</param>
/// <returns>The hashes that are stored, 32 bytes each; empty if there is no such tile.</returns>
internal delegate ReadOnlyMemory<byte> TileReader(int level, long index);
