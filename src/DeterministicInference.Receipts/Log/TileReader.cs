namespace DeterministicInference.Receipts.Log;

/// <summary>Where the stored hashes of a tree come from.</summary>
/// <param name="level">Level of the tile.</param>
/// <param name="index">Its position on the level.</param>
/// <returns>The hashes that are stored, 32 bytes each; empty if there is no such tile.</returns>
public delegate ReadOnlyMemory<byte> TileReader(int level, long index);
