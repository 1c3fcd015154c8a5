using System.Text;
using DeterministicInference.Engine.Tokenization;
using DeterministicInference.ModelTools.Export;

namespace DeterministicInference.ModelTools.Tokenizer;

/// <summary>
/// Byte-level byte-pair encoding: starts from bytes and joins the most frequent neighbouring pair until the vocabulary
/// is full. Of equally frequent pairs the one with the lowest ids is joined, and the words are visited in ordinal
/// order, so that the same counts always give the same vocabulary.
/// </summary>
internal static class BpeTrainer
{
    private sealed record Word(int[] Ids, long Count)
    {
        public int[] Ids { get; set; } = Ids;
    }

    /// <summary>Counts the pieces of a text between which no pair is joined.</summary>
    public static void CountWords(string text, Dictionary<string, long> counts)
    {
        for (int start = 0; start < text.Length; )
        {
            int length = PreTokens.LengthAt(text, start);
            string piece = text.Substring(start, length);
            counts[piece] = counts.GetValueOrDefault(piece) + 1;
            start += length;
        }
    }

    /// <param name="counts">How often each piece occurs; ASCII.</param>
    /// <param name="size">Tokens wanted, the special tokens and the 256 bytes included.</param>
    public static Vocabulary Train(IReadOnlyDictionary<string, long> counts, int size)
    {
        List<Word> words = [];
        foreach (string piece in counts.Keys.Order(StringComparer.Ordinal))
        {
            words.Add(
                new Word(
                    [.. Encoding.ASCII.GetBytes(piece).Select(value => value + Vocabulary.FirstByte)],
                    counts[piece]
                )
            );
        }

        List<string> tokens = [.. SpecialTokens.Texts];
        for (int value = 0; value < 256; value++)
        {
            tokens.Add(ByteAlphabet.ToCharacter((byte)value).ToString());
        }

        Dictionary<string, int> ids = [];
        for (int id = Vocabulary.FirstByte; id < tokens.Count; id++)
        {
            ids.Add(tokens[id], id);
        }

        List<(string, string)> merges = [];
        while (tokens.Count < size)
        {
            (int left, int right) =
                MostFrequentPair(words)
                ?? throw new InvalidOperationException(
                    $"The text has no more pairs at {tokens.Count} of {size} tokens."
                );
            string joined = tokens[left] + tokens[right];
            merges.Add((tokens[left], tokens[right]));

            // Two ways of joining can spell the same piece, which then keeps its id.
            if (!ids.TryGetValue(joined, out int id))
            {
                id = tokens.Count;
                tokens.Add(joined);
                ids.Add(joined, id);
            }

            foreach (Word word in words)
            {
                Join(word, left, right, id);
            }
        }

        return new Vocabulary(tokens, merges);
    }

    private static (int Left, int Right)? MostFrequentPair(List<Word> words)
    {
        Dictionary<(int, int), long> pairs = [];
        foreach (Word word in words)
        {
            for (int i = 1; i < word.Ids.Length; i++)
            {
                (int, int) pair = (word.Ids[i - 1], word.Ids[i]);
                pairs[pair] = pairs.GetValueOrDefault(pair) + word.Count;
            }
        }

        (int, int)? best = null;
        long most = 0;
        foreach (((int, int) pair, long count) in pairs)
        {
            if (count > most || (count == most && pair.CompareTo(best!.Value) < 0))
            {
                best = pair;
                most = count;
            }
        }

        return best;
    }

    private static void Join(Word word, int left, int right, int joined)
    {
        int[] ids = word.Ids;
        int at = -1;
        for (int i = 1; i < ids.Length && at < 0; i++)
        {
            at = ids[i - 1] == left && ids[i] == right ? i - 1 : -1;
        }

        if (at < 0)
        {
            return;
        }

        List<int> result = [.. ids.AsSpan(0, at)];
        for (int i = at; i < ids.Length; i++)
        {
            bool pair = i + 1 < ids.Length && ids[i] == left && ids[i + 1] == right;
            result.Add(pair ? joined : ids[i]);
            i += pair ? 1 : 0;
        }

        word.Ids = [.. result];
    }
}
