namespace DeterministicInference.FakeBackend;

/// <summary>Why a text ended.</summary>
internal enum Ending
{
    Length,

    /// <summary>One of the request's stop strings came up.</summary>
    StopString,

    /// <summary>The model's own token for the end.</summary>
    EndOfText,

    /// <summary>The engine gave up.</summary>
    Abort,
}

/// <summary>What one choice says.</summary>
/// <param name="Tokens">With the texts as they are sent: nothing from a stop string on.</param>
/// <param name="Ending">Why it ends.</param>
/// <param name="Matched">The stop string that came up.</param>
internal sealed record Generation(IReadOnlyList<Token> Tokens, Ending Ending, string? Matched)
{
    public string Text => string.Concat(Tokens.Select(token => token.Text));

    public static Generation Of(GenerationRequest request, string prompt, long seed, int variation)
    {
        Token[] words = FakeText.Words(prompt, request.Sampling, seed, variation, request.Tokens);
        if (request.Behaviour.EndsAfter is { } end && end < words.Length)
        {
            return new Generation([.. words[..end], new Token("", FakeText.EndOfText)], Ending.EndOfText, null);
        }
        string text = string.Concat(words.Select(word => word.Text));
        (int at, string? matched) = request
            .Stop.Select(stop => (At: text.IndexOf(stop, StringComparison.Ordinal), Stop: (string?)stop))
            .Where(found => found.At >= 0)
            .DefaultIfEmpty((At: -1, Stop: null))
            .MinBy(found => found.At);
        return matched is null
            ? new Generation(words, Ending.Length, null)
            : new Generation(Cut(words, at, at + matched.Length), Ending.StopString, matched);
    }

    /// <summary>The same given up after so many words.</summary>
    public Generation AbortAfter(int count) => new([.. Tokens.Take(count)], Ending.Abort, null);

    private static List<Token> Cut(Token[] words, int textEnd, int tokensEnd)
    {
        var cut = new List<Token>();
        int position = 0;
        foreach (Token word in words)
        {
            if (position >= tokensEnd)
                break;
            cut.Add(word with { Text = word.Text[..Math.Clamp(textEnd - position, 0, word.Text.Length)] });
            position += word.Text.Length;
        }
        return cut;
    }
}
