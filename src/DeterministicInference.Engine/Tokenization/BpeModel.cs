using System.Runtime.InteropServices;
using System.Text;

namespace DeterministicInference.Engine.Tokenization;

/// <summary>
/// Byte-pair encoding over a vocabulary of strings: symbols are joined by the merge of lowest rank, leftmost first,
/// until none applies. Behaves as the BPE model of Hugging Face <c>tokenizers</c>.
/// </summary>
internal sealed class BpeModel
{
    /// <summary>In the place of a token that the vocabulary lacks.</summary>
    public const int NoToken = -1;

    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<(int Left, int Right), (int Rank, int Joined)> _merges;
    private readonly int[] _byteFallback;
    private readonly int? _unknown;
    private readonly bool _fuseUnknown;
    private readonly bool _ignoreMerges;

    /// <param name="ids">Token string → id.</param>
    /// <param name="merges">(left id, right id) → (rank, id of the joined token).</param>
    /// <param name="byteFallback">
    /// Ids of <c>&lt;0x00&gt;</c> … <c>&lt;0xFF&gt;</c>, <see cref="NoToken"/> where one is missing; or empty.
    /// </param>
    /// <param name="unknown">
    /// Token for what the vocabulary can't spell; null drops it, as <c>tokenizers</c> does.
    /// </param>
    /// <param name="fuseUnknown">Whether neighbouring unknown characters become one unknown token.</param>
    /// <param name="ignoreMerges">
    /// Whether a word that is a token as a whole is taken so, whatever the merges say.
    /// </param>
    public BpeModel(
        Dictionary<string, int> ids,
        Dictionary<(int Left, int Right), (int Rank, int Joined)> merges,
        int[] byteFallback,
        int? unknown,
        bool fuseUnknown,
        bool ignoreMerges
    )
    {
        _ids = ids;
        _merges = merges;
        _byteFallback = byteFallback;
        _unknown = unknown;
        _fuseUnknown = fuseUnknown;
        _ignoreMerges = ignoreMerges;
    }

    /// <summary>Appends the ids of one pre-tokenized word.</summary>
    public void Encode(string word, List<int> output)
    {
        if (word.Length == 0)
            return;
        if (_ignoreMerges && _ids.TryGetValue(word, out int whole))
        {
            output.Add(whole);
            return;
        }
        List<int> symbols = Symbols(word);
        Merge(CollectionsMarshal.AsSpan(symbols), output);
    }

    private List<int> Symbols(string word)
    {
        var symbols = new List<int>(word.Length);
        Span<byte> utf8 = stackalloc byte[4];
        Span<char> utf16 = stackalloc char[2];
        bool afterUnknown = false;
        foreach (Rune rune in word.EnumerateRunes())
        {
            ReadOnlySpan<char> character = utf16[..rune.EncodeToUtf16(utf16)];
            if (_ids.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(character, out int id))
            {
                symbols.Add(id);
                afterUnknown = false;
            }
            else if (TryFallBack(utf8[..rune.EncodeToUtf8(utf8)], symbols))
            {
                afterUnknown = false;
            }
            else if (_unknown is { } unknown)
            {
                if (!(afterUnknown && _fuseUnknown))
                    symbols.Add(unknown);
                afterUnknown = true;
            }
        }
        return symbols;
    }

    /// <summary>A character is spelled in bytes only if the vocabulary has all of them.</summary>
    private bool TryFallBack(ReadOnlySpan<byte> utf8, List<int> symbols)
    {
        if (_byteFallback.Length == 0)
            return false;
        foreach (byte b in utf8)
        {
            if (_byteFallback[b] == NoToken)
                return false;
        }
        foreach (byte b in utf8)
            symbols.Add(_byteFallback[b]);
        return true;
    }

    /// <summary>
    /// Joins pairs by a queue ordered by (rank, place) over a linked list, so that a long text without
    /// pre-tokenization costs O(n log n).
    /// </summary>
    private void Merge(Span<int> symbols, List<int> output)
    {
        int count = symbols.Length;
        var next = new int[count];
        var previous = new int[count];
        var queue = new PriorityQueue<(int Place, int Left, int Right, int Joined), long>();
        for (int i = 0; i < count; i++)
        {
            next[i] = i + 1;
            previous[i] = i - 1;
        }
        for (int i = 0; i + 1 < count; i++)
            Offer(queue, i, symbols[i], symbols[i + 1]);

        while (queue.TryDequeue(out (int Place, int Left, int Right, int Joined) pair, out _))
        {
            int right = symbols[pair.Place] == pair.Left ? next[pair.Place] : count;
            // An entry is stale once either of its symbols has been joined to another.
            if (right >= count || symbols[right] != pair.Right)
                continue;
            symbols[pair.Place] = pair.Joined;
            symbols[right] = NoToken;
            int after = next[right];
            next[pair.Place] = after;
            if (after < count)
            {
                previous[after] = pair.Place;
                Offer(queue, pair.Place, pair.Joined, symbols[after]);
            }
            int before = previous[pair.Place];
            if (before >= 0)
                Offer(queue, before, symbols[before], pair.Joined);
        }

        for (int i = 0; i < count; i = next[i])
            output.Add(symbols[i]);
    }

    private void Offer(PriorityQueue<(int, int, int, int), long> queue, int place, int left, int right)
    {
        if (_merges.TryGetValue((left, right), out (int Rank, int Joined) merge))
        {
            queue.Enqueue((place, left, right, merge.Joined), ((long)merge.Rank << 32) | (uint)place);
        }
    }
}
