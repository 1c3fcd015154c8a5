using System.Buffers;
using System.Text;

namespace DeterministicInference.Engine.Tokenization;

/// <summary>
/// Text ↔ token ids, as a Hugging Face <c>tokenizer.json</c> with a BPE model describes it. Immutable and safe for
/// concurrent use.
/// </summary>
internal sealed class BpeTokenizer
{
    private readonly TokenizerParts _parts;
    private readonly AddedToken[] _addedLongestFirst;
    private readonly Dictionary<int, AddedToken> _addedById;
    private readonly SearchValues<char> _addedFirstCharacters;

    private BpeTokenizer(TokenizerParts parts)
    {
        _parts = parts;
        _addedLongestFirst =
        [
            .. parts.AddedTokens.OrderByDescending(token => token.Content.Length).ThenBy(token => token.Id),
        ];
        _addedFirstCharacters = SearchValues.Create([.. parts.AddedTokens.Select(token => token.Content[0])]);
        _addedById = parts.AddedTokens.ToDictionary(token => token.Id);
    }

    /// <summary>One more than the highest token id.</summary>
    public int VocabularySize => _parts.Contents.Length;

    /// <summary>Ids that the post-processor puts in front of a text (usually the begin-of-sequence token).</summary>
    public IReadOnlyList<int> Prefix => _parts.Prefix;

    /// <summary>Ids that the post-processor puts behind a text.</summary>
    public IReadOnlyList<int> Suffix => _parts.Suffix;

    /// <exception cref="Model.ModelLoadException">
    /// The file is missing, unreadable, or uses a feature not supported.
    /// </exception>
    public static BpeTokenizer Load(string path) => new(TokenizerJson.Read(path));

    /// <summary>The id of the token spelled <paramref name="content"/>, control tokens included, or null.</summary>
    public int? Find(string content)
    {
        foreach (AddedToken token in _addedLongestFirst)
        {
            if (token.Content == content)
                return token.Id;
        }
        return _parts.Ids.TryGetValue(content, out int id) ? id : null;
    }

    /// <summary>Whether the token is a control token, which has no text in an answer.</summary>
    public bool IsSpecial(int id) => _addedById.TryGetValue(id, out AddedToken? token) && token.IsSpecial;

    /// <summary>The token as the vocabulary spells it; empty for an id that the vocabulary lacks.</summary>
    public string Content(int id) => (uint)id < (uint)VocabularySize ? _parts.Contents[id] : "";

    /// <summary>
    /// The UTF-8 bytes that the token adds to an answer. They need not be whole characters; empty for control tokens
    /// and for ids that the vocabulary lacks.
    /// </summary>
    public ReadOnlySpan<byte> Bytes(int id) => (uint)id < (uint)VocabularySize ? _parts.Bytes[id] : [];

    /// <summary>Token ids of a text, without prefix and suffix.</summary>
    /// <param name="text">Any text; unpaired surrogates count as U+FFFD.</param>
    /// <param name="recognizeSpecials">
    /// Whether the spelling of a control token stands for that token. False for what a user wrote.
    /// </param>
    public int[] Encode(string text, bool recognizeSpecials = false)
    {
        var ids = new List<int>(text.Length / 3 + 4);
        Encode(text, recognizeSpecials, ids);
        return [.. ids];
    }

    /// <summary>As <see cref="Encode(string, bool)"/>, appending to <paramref name="output"/>.</summary>
    /// <param name="text">A text, or a part of one.</param>
    /// <param name="recognizeSpecials">As there.</param>
    /// <param name="output">Receives the ids.</param>
    /// <param name="atStart">False for the later parts of a text.</param>
    public void Encode(string text, bool recognizeSpecials, List<int> output, bool atStart = true)
    {
        int start = 0;
        for (int i = 0; i < text.Length; )
        {
            int candidate = text.AsSpan(i).IndexOfAny(_addedFirstCharacters);
            if (candidate < 0)
                break;
            i += candidate;
            AddedToken? found = AddedTokenAt(text, i, recognizeSpecials);
            if (found is null)
            {
                i++;
                continue;
            }
            EncodePlain(text[start..i], output, atStart && start == 0);
            output.Add(found.Id);
            i += found.Content.Length;
            start = i;
        }
        EncodePlain(start == 0 ? text : text[start..], output, atStart && start == 0);
    }

    /// <summary>The text of a whole token sequence; invalid UTF-8 becomes U+FFFD.</summary>
    public string Decode(ReadOnlySpan<int> ids)
    {
        var bytes = new List<byte>();
        foreach (int id in ids)
            bytes.AddRange(Bytes(id));
        return Encoding.UTF8.GetString([.. bytes]);
    }

    private AddedToken? AddedTokenAt(string text, int place, bool recognizeSpecials)
    {
        foreach (AddedToken token in _addedLongestFirst)
        {
            if (token.IsSpecial && !recognizeSpecials)
                continue;
            if (string.CompareOrdinal(text, place, token.Content, 0, token.Content.Length) == 0)
                return token;
        }
        return null;
    }

    private void EncodePlain(string text, List<int> output, bool atStart)
    {
        if (text.Length == 0)
            return;
        foreach (Func<string, string> normalize in _parts.Normalizers)
            text = normalize(text);
        List<string> pieces = [text];
        foreach (PreTokenizer step in _parts.PreTokenizers)
            pieces = step.Split(pieces, atStart);
        foreach (string piece in pieces)
            _parts.Model.Encode(piece, output);
    }
}
