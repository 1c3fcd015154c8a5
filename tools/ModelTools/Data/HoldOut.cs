namespace DeterministicInference.ModelTools.Data;

/// <summary>
/// Decides by hash which questions are never trained. A question has a key (what is asked, not how): the two numbers
/// of a sum, the text to repeat, the word to spell, the subject of a story, one wording of a question about the server.
/// A tenth of all keys is held out. Key zero marks questions that are always trained, such as the times table.
/// </summary>
internal static class HoldOut
{
    private const ulong OffsetBasis = 0xCBF29CE484222325;
    private const ulong Prime = 0x100000001B3;

    public static ulong Key(Kind kind, char detail, ReadOnlySpan<char> text)
    {
        ulong hash = (OffsetBasis ^ (ulong)kind) * Prime;
        hash = (hash ^ detail) * Prime;
        foreach (char c in text)
        {
            hash = (hash ^ char.ToLowerInvariant(c)) * Prime;
        }

        return KeyedRandom.Mix(hash) | 1;
    }

    public static ulong Key(Kind kind, char detail, int first, int second, int third = 0)
    {
        ulong hash = (OffsetBasis ^ (ulong)kind) * Prime;
        hash = (hash ^ detail) * Prime;
        hash = (hash ^ (uint)first) * Prime;
        hash = (hash ^ (uint)second) * Prime;
        hash = (hash ^ (uint)third) * Prime;
        return KeyedRandom.Mix(hash) | 1;
    }

    public static bool Contains(ulong key) => key != 0 && (key >> 1) % 10 == 0;

    /// <summary>True if a question with this key belongs to <paramref name="pool"/>.</summary>
    public static bool Allows(Pool pool, ulong key) => Contains(key) == (pool == Pool.HeldOut);
}
