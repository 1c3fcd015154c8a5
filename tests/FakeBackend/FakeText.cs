namespace DeterministicInference.FakeBackend;

/// <summary>Text that follows from prompt and seed alone. A word is a token.</summary>
internal static class FakeText
{
    private static readonly string[] Syllables = ["ka", "ru", "mi", "to", "sel", "an", "vor", "li", "pe", "dun", "ya", "ost", "ne", "gri", "hal", "bu"];

    public static string[] Words(string prompt, long seed, int count)
    {
        // FNV-1a over the prompt and the seed, continued for every word.
        ulong hash = 14695981039346656037;
        foreach (char c in prompt) Mix(c);
        for (int shift = 0; shift < 64; shift += 16) Mix((char)(seed >> shift));
        var words = new string[count];
        for (int i = 0; i < count; i++)
        {
            Mix((char)i);
            words[i] = " " + Syllables[hash >> 20 & 15] + Syllables[hash >> 36 & 15];
        }
        return words;

        void Mix(char c) => hash = (hash ^ c) * 1099511628211;
    }
}
