namespace DeterministicInference.ModelTools.Data;

/// <summary>
/// One wording: fixed text with up to three slots <c>{a}</c>, <c>{b}</c>, <c>{c}</c> that take exact text.
/// </summary>
internal sealed class Phrase
{
    private readonly string[] _texts;
    private readonly byte[] _slots;

    /// <param name="text">
    /// The wording. A question mark at the end makes it a question and is not part of the text.
    /// </param>
    /// <param name="isFirst">True if it is the first expansion of a line: those are always trained.</param>
    public Phrase(string text, bool isFirst)
    {
        IsFirst = isFirst;
        IsQuestion = text.EndsWith('?');
        Text = IsQuestion ? text[..^1] : text;
        Openings = Data.Openings.For(Text, IsQuestion);
        List<string> texts = [];
        List<byte> slots = [];
        int start = 0;
        for (int open = Text.IndexOf('{'); open >= 0; open = Text.IndexOf('{', start))
        {
            texts.Add(Text[start..open]);
            slots.Add((byte)(Text[open + 1] - 'a'));
            start = open + 3;
        }

        texts.Add(Text[start..]);
        _texts = [.. texts];
        _slots = [.. slots];
    }

    public string Text { get; }

    public bool IsQuestion { get; }

    public bool IsFirst { get; }

    /// <summary>What may be said before it.</summary>
    public string[] Openings { get; }

    /// <summary>True for requests that can end with "please".</summary>
    public bool TakesPlease =>
        !IsQuestion && Openings == Data.Openings.Requests && !Text.Contains("please", StringComparison.Ordinal);

    public void Write(UserText target, string a = "", string b = "", string c = "")
    {
        for (int i = 0; i < _texts.Length; i++)
        {
            target.Append(_texts[i]);
            if (i < _slots.Length)
            {
                target.AppendExact(
                    _slots[i] switch
                    {
                        0 => a,
                        1 => b,
                        _ => c,
                    }
                );
            }
        }
    }
}
