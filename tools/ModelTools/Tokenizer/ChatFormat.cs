using DeterministicInference.ModelTools.Data;
using DeterministicInference.ModelTools.Export;
using DeterministicInference.ModelTools.Training;

namespace DeterministicInference.ModelTools.Tokenizer;

/// <summary>
/// A conversation as token ids: <c>&lt;|bos|&gt;</c>, then for each turn its role token, its text and
/// <c>&lt;|end|&gt;</c>, the same form that the chat template of the exported tokenizer gives. Only what the assistant
/// says counts in the loss: its text and its end token. Not safe for concurrent use.
/// </summary>
/// <param name="encode">Text to ids, without special tokens. Its results are kept per word, so it may be slow.</param>
internal sealed class ChatFormat(Func<string, int[]> encode)
{
    /// <summary>Words kept; invented words and numbers are many, so the table is emptied when it is full.</summary>
    private const int MostWords = 50_000;

    private readonly Dictionary<string, int[]> _ids = [];
    private readonly List<int> _tokens = [];
    private readonly List<bool> _targets = [];

    public TrainingDocument Format(Conversation conversation)
    {
        _tokens.Clear();
        _targets.Clear();
        Add(SpecialTokens.Bos, false);
        foreach (Turn turn in conversation.Turns)
        {
            bool counts = turn.Role == Role.Assistant;
            Add(SpecialTokens.System + (int)turn.Role, false);
            AddText(turn.Text, counts);
            Add(SpecialTokens.End, counts);
        }

        return new TrainingDocument([.. _tokens], [.. _targets]);
    }

    /// <summary>The ids of a prompt, up to and with the role token after which the assistant speaks.</summary>
    public int[] FormatPrompt(Conversation conversation) => [.. Format(conversation).Tokens, SpecialTokens.Assistant];

    private void AddText(string text, bool counts)
    {
        Dictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> known = _ids.GetAlternateLookup<
            ReadOnlySpan<char>
        >();
        for (int start = 0; start < text.Length; )
        {
            ReadOnlySpan<char> word = text.AsSpan(start, PreTokens.LengthAt(text, start));
            if (!known.TryGetValue(word, out int[]? ids))
            {
                if (_ids.Count >= MostWords)
                {
                    _ids.Clear();
                }

                ids = encode(word.ToString());
                known[word] = ids;
            }

            foreach (int id in ids)
            {
                Add(id, counts);
            }

            start += word.Length;
        }
    }

    private void Add(int token, bool counts)
    {
        _tokens.Add(token);
        _targets.Add(counts);
    }
}
