namespace DeterministicInference.FakeBackend;

/// <summary>A word and its number in the vocabulary.</summary>
internal readonly record struct Token(string Text, int Id);

/// <summary>Text that follows from what it is made of alone. A word is a token.</summary>
internal static class FakeText
{
    private const ulong FnvBasis = 14695981039346656037;
    private const int FirstPromptId = 1000;
    private const int PromptIds = 100_000;

    private static readonly string[] Syllables =
    [
        "ka",
        "ru",
        "mi",
        "to",
        "sel",
        "an",
        "vor",
        "li",
        "pe",
        "dun",
        "ya",
        "ost",
        "ne",
        "gri",
        "hal",
        "bu",
    ];

    /// <summary>The number of the token that ends a text.</summary>
    public const int EndOfText = 2;

    /// <param name="prompt">What is continued.</param>
    /// <param name="sampling">
    /// As the engine resolved it: what a client left out shows where the engine's own value differs.
    /// </param>
    /// <param name="seed">Without effect where nothing is drawn.</param>
    /// <param name="variation">0, or what the arithmetic additionally depended on, as the size of the batch.</param>
    /// <param name="count">Words.</param>
    public static Token[] Words(string prompt, Sampling sampling, long seed, int variation, int count)
    {
        // FNV-1a over all of it, continued for every word.
        ulong hash = FnvBasis;
        foreach (char c in prompt)
            Mix(c);
        foreach (char c in sampling.Key)
            Mix(c);
        long drawn = sampling.IsGreedy ? 0 : seed;
        for (int shift = 0; shift < 64; shift += 16)
            Mix((char)(drawn >> shift));
        Mix((char)variation);
        var words = new Token[count];
        for (int i = 0; i < count; i++)
        {
            Mix((char)i);
            // Murmur's last steps, so that every bit counts from the first word on.
            ulong mixed = (hash ^ hash >> 33) * 0xff51afd7ed558ccd;
            mixed = (mixed ^ mixed >> 33) * 0xc4ceb9fe1a85ec53;
            int first = (int)(mixed >> 40 & 15),
                second = (int)(mixed >> 50 & 15);
            words[i] = new Token(" " + Syllables[first] + Syllables[second], 3 + (first << 4) + second);
        }
        return words;

        void Mix(char c) => hash = (hash ^ c) * 1099511628211;
    }

    /// <summary>The prompt's words as numbers.</summary>
    public static int[] PromptIdsOf(string prompt) =>
        [.. prompt.Split(' ').Select(word => FirstPromptId + (int)(Hash(word) % PromptIds))];

    public static ulong Hash(string text)
    {
        ulong hash = FnvBasis;
        foreach (char c in text)
            hash = (hash ^ c) * 1099511628211;
        return hash;
    }
}
