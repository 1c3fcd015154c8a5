using System.Runtime.InteropServices;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Receipts.Tokens;

namespace DeterministicInference.Receipts.Verification;

/// <summary>
/// The texts of tokens, for people: from log-probabilities, or from an event that has one token and a text. Only what
/// an answer says is known; a choice whose texts don't match its ids in number has none.
/// </summary>
internal sealed class TokenTexts
{
    private const int Longest = 1 << 12;

    private readonly Dictionary<int, List<string?>> _choices = [];

    /// <summary>Adds a JSON answer, or the next event of a stream.</summary>
    public void Append(scoped in AnswerReading answer)
    {
        ReadOnlySpan<AnswerPart> parts = answer.Parts;
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts[i].Kind == AnswerPartKind.Choice)
                Append(answer, parts[i..]);
        }
    }

    /// <param name="place">Of the token.</param>
    /// <param name="count">Tokens of its choice.</param>
    public string? At(TokenPlace place, int count) =>
        _choices.TryGetValue(place.Choice, out List<string?>? texts) && texts.Count == count && place.Token < count
            ? texts[place.Token]
            : null;

    /// <summary>Adds a choice, the first of these parts.</summary>
    private void Append(scoped in AnswerReading answer, ReadOnlySpan<AnswerPart> parts)
    {
        AnswerPart choice = parts[0];
        int ids = 0;
        scoped ReadOnlySpan<byte> text = default;
        foreach (ref readonly AnswerPart part in parts)
        {
            if (part.Start >= choice.End)
                break;
            if (part.Kind == AnswerPartKind.TokenIds && !part.Is(AnswerPartTraits.IsMalformed))
                ids = Count(answer.Ids(part));
            if (
                part.Kind is AnswerPartKind.Text or AnswerPartKind.Content
                && text.IsEmpty
                && answer.TryGetString(part, out ReadOnlySpan<byte> escaped)
            )
                text = escaped;
        }
        List<string?> texts = CollectionsMarshal.GetValueRefOrAddDefault(_choices, choice.Choice, out _) ??= [];
        List<string?> scored = Scored(answer, choice);
        if (scored.Count > 0 && (ids == 0 || scored.Count == ids))
            texts.AddRange(scored);
        else
            texts.AddRange(ids == 1 ? [Text(text)] : new string?[ids]);
    }

    private static List<string?> Scored(scoped in AnswerReading answer, in AnswerPart choice)
    {
        List<string?> scored = [];
        foreach (ref readonly ScoredToken token in answer.Scores)
        {
            int place = token.Token.Start.Value;
            if (!token.IsRefusal && place > choice.ValueStart && place < choice.End)
                scored.Add(Text(answer.Json[token.Token]));
        }
        return scored;
    }

    private static int Count(TokenIdReader ids)
    {
        int count = 0;
        while (ids.Next(out _))
            count++;
        return count;
    }

    /// <summary>Null for no text, one with half of a surrogate pair, and one that nobody would read.</summary>
    private static string? Text(ReadOnlySpan<byte> escaped) =>
        escaped.IsEmpty || escaped.Length > Longest || JsonStrings.HasUnpairedSurrogate(escaped)
            ? null
            : JsonStrings.Decode(escaped);
}
