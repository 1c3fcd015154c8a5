using System.Runtime.InteropServices;
using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Receipts.Answers;

/// <summary>
/// The grammar of an answer: reads a JSON answer or one event of a stream in one pass and gives its parts, each with
/// the choice and the tool call that it belongs to. Everything else is made of the parts. One reader is for one answer:
/// it is reused from event to event, allocates nothing then, and remembers what later events must not contradict. For
/// one caller at a time.
/// </summary>
/// <remarks>docs/determinism.md has the grammar in words.</remarks>
/// <param name="delivery">What is read: one JSON answer, or events.</param>
/// <param name="logprobs">Whether log-probabilities are read; they are passed over otherwise.</param>
public sealed class AnswerReader(AnswerDelivery delivery, bool logprobs = false)
{
    /// <summary>Most levels of objects and arrays in an answer or an event.</summary>
    public const int MaxDepth = 128;

    private readonly bool _isEvent = delivery == AnswerDelivery.Sse;
    private readonly AnswerParts _parts = new();
    private readonly MessageGrammar _messages = new(delivery);
    private readonly LogprobsGrammar? _logprobs = logprobs ? new LogprobsGrammar() : null;
    private readonly List<Range> _bareNumbers = [];

    /// <summary>What events have to agree with; null until there is something.</summary>
    private StreamMemory? _memory;

    /// <summary>Gets the errors that don't count.</summary>
    private readonly AnswerParts? _ignored;

    /// <param name="delivery">What is read.</param>
    /// <param name="requiresLogprobs">
    /// Whether an answer has no canonical form where its log-probabilities have none; they count as absent otherwise.
    /// </param>
    internal static AnswerReader WithLogprobs(AnswerDelivery delivery, bool requiresLogprobs) =>
        new(delivery, requiresLogprobs ? null : new AnswerParts());

    private AnswerReader(AnswerDelivery delivery, AnswerParts? ignored)
        : this(delivery, logprobs: true) => _ignored = ignored;

    /// <summary>Reads an answer, or an event but not the final <c>[DONE]</c>.</summary>
    /// <param name="json">The body after content decoding, or the event's data.</param>
    /// <returns>
    /// The parts. If <see cref="AnswerReading.Defect"/> tells of one, they are those that could be made out all the
    /// same.
    /// </returns>
    /// <exception cref="CanonicalFormException">
    /// It is not one JSON object in UTF-8 of at most <see cref="MaxDepth"/> levels.
    /// </exception>
    public AnswerReading Read(ReadOnlySpan<byte> json)
    {
        _parts.Clear();
        _bareNumbers.Clear();
        _logprobs?.Clear();
        CanonicalJson.RequireUtf8(json);
        var cursor = new JsonCursor(json, MaxDepth);
        bool isNull = _isEvent && cursor.PassNull();
        (int end, bool isBare) = isNull ? (0, true) : ReadAnswer(ref cursor);
        cursor.RequireEnd();
        if (_isEvent && _parts.HasCallsOrReasoning)
            (_memory ??= new StreamMemory()).Add(_parts, json);
        return new AnswerReading(
            json,
            _parts.Span,
            _logprobs is null ? default : _logprobs.Scores,
            _logprobs is null ? default : _logprobs.Alternatives,
            CollectionsMarshal.AsSpan(_bareNumbers),
            _parts.Defect
        )
        {
            Delivery = delivery,
            IsObject = !isNull,
            IsBare = isBare,
            End = end,
        };
    }

    /// <returns>The end of the last member, and whether nothing but ids and names is there.</returns>
    private (int End, bool IsBare) ReadAnswer(ref JsonCursor json)
    {
        if (json.Peek() != '{')
        {
            // That it is no JSON comes first, and where.
            json.Skip();
            json.RequireEnd();
            throw new CanonicalFormException(
                CanonicalFormError.NotAnObject,
                "An answer must be a JSON object, but another value is",
                json.Text,
                0
            );
        }
        json.Open();
        var members = new MemberScope(AnswerObject.Answer);
        bool isBare = true;
        while (members.Next(ref json))
        {
            AnswerMember member = AnswerMembers.OfAnswer(members.Name);
            _parts.RequireFirst(member, ref members);
            bool isNull = json.Peek() == 'n';
            switch (member)
            {
                case AnswerMember.Choices:
                    isBare &= ReadChoices(ref json);
                    break;
                case AnswerMember.Extension when json.Peek() == '{':
                    isBare &= TokenIdGrammar.ReadExtension(ref json, _parts, members);
                    break;
                case AnswerMember.PromptTokenIds:
                    TokenIdGrammar.ReadList(ref json, _parts, AnswerPartKind.PromptTokenIds, members);
                    break;
                case AnswerMember.Object:
                    ReadObjectName(ref json, members);
                    break;
                case AnswerMember.Usage when json.Peek() == '{':
                    ReadUsage(ref json);
                    isBare = false;
                    break;
                case AnswerMember.Id or AnswerMember.Created:
                    _parts.Pass(ref json, PartOf(member), members);
                    break;
                case AnswerMember.Timings or AnswerMember.Environment or AnswerMember.Determinism:
                case AnswerMember.Error when !isNull:
                    _parts.Pass(ref json, PartOf(member), members);
                    isBare &= isNull;
                    break;
                default:
                    json.Skip();
                    isBare &= isNull || member == AnswerMember.Envelope;
                    break;
            }
        }
        return (members.Before, isBare);
    }

    /// <summary>
    /// Old vLLM and SGLang say in this member that the answer is an error, whose members are the answer's own.
    /// </summary>
    private void ReadObjectName(ref JsonCursor json, scoped in MemberScope members)
    {
        int start = json.At;
        json.Skip();
        ReadOnlySpan<byte> value = json.Text[start..json.At];
        bool isPlain = value.Length == "\"error\""u8.Length && value.SequenceEqual("\"error\""u8);
        if (isPlain || (value[0] == '"' && json.HasEscapes && JsonStrings.AreEqual(value[1..^1], "error"u8)))
            _parts.End(_parts.Begin(AnswerPartKind.Error, members, start), json.At);
    }

    private static AnswerPartKind PartOf(AnswerMember member) =>
        member switch
        {
            AnswerMember.Id => AnswerPartKind.Id,
            AnswerMember.Created => AnswerPartKind.Created,
            AnswerMember.Timings => AnswerPartKind.Timings,
            AnswerMember.Environment => AnswerPartKind.Environment,
            AnswerMember.Determinism => AnswerPartKind.Determinism,
            _ => AnswerPartKind.Error,
        };

    /// <returns>Whether all choices are bare.</returns>
    private bool ReadChoices(ref JsonCursor json)
    {
        if (!_parts.OpenArray(ref json))
            return true;
        bool isFirst = true,
            areBare = true,
            areInOrder = true;
        for (int position = 0; json.NextElement(ref isFirst); position++)
        {
            if (!_parts.OpenObject(ref json, isNullFine: false))
                continue;
            (int index, bool isBare) = ReadChoice(ref json, position);
            areBare &= isBare;
            areInOrder &= index == position;
        }
        if (!_isEvent && !areInOrder)
            _parts.RequireOneOfEachChoice();
        return areBare;
    }

    private (int Index, bool IsBare) ReadChoice(ref JsonCursor json, int position)
    {
        int at = _parts.Begin(AnswerPartKind.Choice, json.At - 1),
            firstScore = _logprobs?.Scores.Length ?? 0;
        int? index = null;
        bool isBare = true;
        var members = new MemberScope(_isEvent ? AnswerObject.EventChoice : AnswerObject.JsonChoice);
        while (members.Next(ref json))
        {
            AnswerMember member = AnswerMembers.OfChoice(members.Name, _messages.Name);
            _parts.RequireFirst(member, ref members);
            bool isNull = json.Peek() == 'n';
            switch (member)
            {
                case AnswerMember.Index:
                    index = _parts.ReadIndex(ref json);
                    break;
                case AnswerMember.TokenIds or AnswerMember.ResponseTokenIds:
                    TokenIdGrammar.ReadList(ref json, _parts, AnswerPartKind.TokenIds, members);
                    break;
                case AnswerMember.PromptTokenIds:
                    TokenIdGrammar.ReadList(ref json, _parts, AnswerPartKind.PromptTokenIds, members);
                    break;
                case AnswerMember.Message:
                    isBare &= _messages.Read(ref json, _parts);
                    break;
                case AnswerMember.Text when !isNull:
                    _parts.Pass(ref json, AnswerPartKind.Text, members);
                    isBare = false;
                    break;
                case AnswerMember.FinishReason when !isNull:
                    ReadFinish(ref json, members);
                    isBare = false;
                    break;
                case AnswerMember.Logprobs:
                    ReadLogprobs(ref json);
                    isBare &= isNull;
                    break;
                default:
                    json.Skip();
                    isBare &= isNull;
                    break;
            }
        }
        _parts.End(at, json.At, isBare ? AnswerPartTraits.IsBare : AnswerPartTraits.None);
        _parts.AssignChoice(at, index ?? position);
        _logprobs?.AssignChoice(firstScore, index ?? position);
        return (index ?? position, isBare);
    }

    private void ReadFinish(ref JsonCursor json, scoped in MemberScope members)
    {
        int start = json.At;
        bool isString = json.Peek() == '"';
        if (!isString)
        {
            _parts.Refuse(
                CanonicalFormError.WrongType,
                "A finish reason must be a string or null, but another value is",
                start
            );
        }
        _parts.Pass(ref json, AnswerPartKind.Finish, members);
        // The form drops a trailing one, so that another reason than the client's would be signed.
        if (isString && JsonStrings.HasReplacement(json.Text[(start + 1)..(json.At - 1)]))
        {
            _parts.Refuse(
                CanonicalFormError.UnpairedSurrogate,
                "Half of a surrogate pair or U+FFFD in a finish reason",
                start
            );
        }
    }

    private void ReadLogprobs(ref JsonCursor json)
    {
        json.BareNumbers = _bareNumbers;
        _ignored?.Clear();
        if (_logprobs is null)
            json.Skip();
        else
            _logprobs.Read(ref json, _ignored ?? _parts);
        json.BareNumbers = null;
    }

    private void ReadUsage(ref JsonCursor json)
    {
        json.Open();
        var members = new MemberScope(AnswerObject.Usage);
        while (members.Next(ref json))
        {
            AnswerMember member = AnswerMembers.OfUsage(members.Name);
            _parts.RequireFirst(member, ref members);
            int at = json.At;
            json.Skip();
            if (member == AnswerMember.Other || !Digits.TryRead(json.Text[at..json.At], long.MaxValue, out _))
                continue;
            bool isPrompt = member == AnswerMember.PromptTokens;
            int part = _parts.Begin(
                isPrompt ? AnswerPartKind.PromptTokens : AnswerPartKind.CompletionTokens,
                members,
                at
            );
            _parts.End(part, json.At);
        }
    }
}
