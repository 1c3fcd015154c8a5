using System.Globalization;
using System.Runtime.InteropServices;
using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Receipts.Answers;

/// <summary>
/// The part of the grammar that is about log-probabilities: of chat (<c>content</c> and <c>refusal</c>, lists of
/// entries) or of completions (parallel arrays).
/// </summary>
internal sealed class LogprobsGrammar
{
    private readonly List<ScoredToken> _scores = [];
    private readonly List<ScoredText> _alternatives = [];
    private readonly List<Range> _tokens = [];
    private readonly List<double> _numbers = [];

    /// <summary>First alternative and their number.</summary>
    private readonly List<(int First, int Count)> _named = [];

    public ReadOnlySpan<ScoredToken> Scores => CollectionsMarshal.AsSpan(_scores);

    public ReadOnlySpan<ScoredText> Alternatives => CollectionsMarshal.AsSpan(_alternatives);

    public void Clear()
    {
        _scores.Clear();
        _alternatives.Clear();
    }

    /// <summary>The tokens from one on belong to a choice.</summary>
    public void AssignChoice(int from, int choice)
    {
        foreach (ref ScoredToken score in CollectionsMarshal.AsSpan(_scores)[from..])
            score = score with { Choice = choice };
    }

    public void Read(ref JsonCursor json, AnswerParts parts)
    {
        if (!parts.OpenObject(ref json))
            return;
        int before = _scores.Count;
        _tokens.Clear();
        _numbers.Clear();
        _named.Clear();
        int numbers = -1,
            named = -1;
        var members = new MemberScope(AnswerObject.Logprobs);
        while (members.Next(ref json))
        {
            AnswerMember member = AnswerMembers.OfLogprobs(members.Name);
            parts.RequireFirst(member, ref members);
            switch (member)
            {
                case AnswerMember.Content or AnswerMember.Refusal:
                    ReadEntries(ref json, parts, isRefusal: member == AnswerMember.Refusal);
                    break;
                case AnswerMember.Tokens:
                    ReadTokens(ref json, parts);
                    break;
                case AnswerMember.TokenLogprobs:
                    numbers = ReadNumbers(ref json, parts) ? members.Start : -1;
                    break;
                case AnswerMember.TopLogprobs:
                    named = ReadNamedAlternatives(ref json, parts) ? members.Start : -1;
                    break;
                case AnswerMember.Other when json.Peek() == '[' && members.Name.SequenceEqual("text_offset"u8):
                    parts.Pass(ref json, AnswerPartKind.TextOffsets, members);
                    break;
                default:
                    parts.PassExtra(ref json, AnswerPartKind.LogprobsExtra, members);
                    break;
            }
        }
        AddArrays(parts, numbers, named);
        if (parts.Defect is not null)
            _scores.RemoveRange(before, _scores.Count - before);
    }

    /// <summary>Makes tokens of the parallel arrays.</summary>
    /// <param name="parts">Gets the error.</param>
    /// <param name="numbers">The place of <c>token_logprobs</c>; -1 where there is none.</param>
    /// <param name="named">The place of <c>top_logprobs</c> likewise.</param>
    private void AddArrays(AnswerParts parts, int numbers, int named)
    {
        // SGLang's way to say that no alternatives were asked for.
        if (_named.Count == 0)
            named = -1;
        RequireLength(parts, numbers, _numbers.Count);
        RequireLength(parts, named, _named.Count);
        if (parts.Defect is not null)
            return;
        for (int i = 0; i < _tokens.Count; i++)
        {
            (int first, int count) = named < 0 ? default : _named[i];
            var text = new ScoredText(_tokens[i], numbers < 0 ? double.NaN : _numbers[i]);
            _scores.Add(new ScoredToken(text, FirstAlternative: first, Alternatives: count));
        }
    }

    private void RequireLength(AnswerParts parts, int place, int length)
    {
        if (place >= 0 && length != _tokens.Count)
            parts.Refuse(CanonicalFormError.WrongType, "Arrays of log-probabilities differ in length", place);
    }

    /// <summary>Of chat: <c>{token, logprob, top_logprobs}</c>.</summary>
    private void ReadEntries(ref JsonCursor json, AnswerParts parts, bool isRefusal)
    {
        if (!parts.OpenArray(ref json))
            return;
        bool isFirst = true;
        while (json.NextElement(ref isFirst))
        {
            if (parts.OpenObject(ref json, isNullFine: false))
                _scores.Add(
                    ReadEntry(ref json, parts) with
                    {
                        Place = isRefusal ? ScorePlace.Refusal : ScorePlace.Content,
                    }
                );
        }
    }

    private ScoredToken ReadEntry(ref JsonCursor json, AnswerParts parts, bool isAlternative = false)
    {
        int start = json.At - 1,
            first = _alternatives.Count;
        Range? token = null;
        double number = double.NaN;
        var members = new MemberScope(isAlternative ? AnswerObject.Alternative : AnswerObject.Logprob);
        while (members.Next(ref json))
        {
            AnswerMember member = AnswerMembers.OfLogprob(members.Name, isAlternative);
            parts.RequireFirst(member, ref members);
            switch (member)
            {
                case AnswerMember.Token:
                    token = ReadToken(ref json);
                    break;
                case AnswerMember.Logprob:
                    number = ReadNumber(ref json, parts);
                    break;
                case AnswerMember.TopLogprobs:
                    ReadAlternatives(ref json, parts);
                    break;
                // Every engine gives the bytes of the text.
                case AnswerMember.Other when members.Name.SequenceEqual("bytes"u8):
                    json.Skip();
                    break;
                default:
                    parts.PassExtra(ref json, AnswerPartKind.LogprobsExtra, members);
                    break;
            }
        }
        if (token is null)
            parts.Refuse(CanonicalFormError.WrongType, "A log-probability without the text of its token", start);
        return new ScoredToken(
            new ScoredText(token ?? default, number),
            FirstAlternative: first,
            Alternatives: _alternatives.Count - first
        );
    }

    private void ReadAlternatives(ref JsonCursor json, AnswerParts parts)
    {
        if (!parts.OpenArray(ref json))
            return;
        bool isFirst = true;
        while (json.NextElement(ref isFirst))
        {
            if (parts.OpenObject(ref json, isNullFine: false))
                _alternatives.Add(ReadEntry(ref json, parts, isAlternative: true).Text);
        }
    }

    private void ReadTokens(ref JsonCursor json, AnswerParts parts)
    {
        if (!parts.OpenArray(ref json))
            return;
        bool isFirst = true;
        while (json.NextElement(ref isFirst))
        {
            int start = json.At;
            if (ReadToken(ref json) is { } token)
                _tokens.Add(token);
            else
                parts.Refuse(
                    CanonicalFormError.WrongType,
                    "A token's text must be a string, but another value is",
                    start
                );
        }
    }

    private bool ReadNumbers(ref JsonCursor json, AnswerParts parts)
    {
        if (!parts.OpenArray(ref json))
            return false;
        bool isFirst = true;
        while (json.NextElement(ref isFirst))
            _numbers.Add(ReadNumber(ref json, parts));
        return true;
    }

    /// <summary>Of completions: an object with a member per alternative, whose names may repeat.</summary>
    private bool ReadNamedAlternatives(ref JsonCursor json, AnswerParts parts)
    {
        if (!parts.OpenArray(ref json))
            return false;
        bool isFirst = true;
        while (json.NextElement(ref isFirst))
        {
            int first = _alternatives.Count;
            if (parts.OpenObject(ref json))
            {
                bool isFirstMember = true;
                while (json.NextMember(ref isFirstMember, out int start, out ReadOnlySpan<byte> name))
                {
                    Range token = (start + 1)..(start + 1 + name.Length);
                    _alternatives.Add(new ScoredText(token, ReadNumber(ref json, parts)));
                }
            }
            _named.Add((first, _alternatives.Count - first));
        }
        return true;
    }

    /// <returns>The inside of the string; null, and behind it, if the value is another one.</returns>
    private static Range? ReadToken(ref JsonCursor json)
    {
        bool isString = json.Peek() == '"';
        int start = json.At;
        json.Skip();
        return isString ? (start + 1)..(json.At - 1) : null;
    }

    /// <returns>Not a number for null.</returns>
    private static double ReadNumber(ref JsonCursor json, AnswerParts parts)
    {
        if (json.PassNull())
            return double.NaN;
        if (!json.IsNumber)
        {
            parts.Refuse(
                CanonicalFormError.WrongType,
                "A log-probability must be a number or null, but another value is",
                json.At
            );
            json.Skip();
            return double.NaN;
        }
        ReadOnlySpan<byte> number = json.ReadNumber();
        if (!char.IsAsciiDigit((char)number[^1]))
            number = AnswerReading.BareNumber(number);
        return number[0] == 'n' ? double.NaN : double.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture);
    }
}
