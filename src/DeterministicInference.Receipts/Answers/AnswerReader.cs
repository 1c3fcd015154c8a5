using System.Runtime.InteropServices;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Json;

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
/// <param name="repairs">
/// Whether tool calls are read that have no index in a stream, or arguments that are no text: whoever asks for it
/// changes them before anybody else reads the answer.
/// </param>
internal sealed class AnswerReader(AnswerDelivery delivery, bool logprobs = false, bool repairs = false)
{
    /// <summary>Most levels of objects and arrays in an answer or an event.</summary>
    public const int MaxDepth = 128;

    /// <summary>Most bytes of the name of a model, as its JSON.</summary>
    private const int LongestModel = 1024;

    private readonly bool _isEvent = delivery == AnswerDelivery.Sse;
    private readonly AnswerParts _parts = new();
    private readonly MessageGrammar _messages = new(delivery, repairs);
    private readonly ToolNumbers? _toolNumbers = repairs && delivery == AnswerDelivery.Sse ? new ToolNumbers() : null;
    private readonly LogprobsGrammar? _logprobs = logprobs ? new LogprobsGrammar() : null;
    private readonly List<Range> _bareNumbers = [];

    /// <summary>What events have to agree with; null until there is something.</summary>
    private StreamMemory? _memory;

    /// <summary>Whether choices have an index; null until there was one.</summary>
    private bool? _haveIndex;

    /// <summary>The name of the model in the events before, as its JSON; null until there was one.</summary>
    private byte[]? _model;

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
        if (_isEvent && (_parts.IsRemembered || _memory is { HasFinished: true }))
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
        bool isBare = true,
            hasError = false;
        int choices = 0;
        while (members.Next(ref json))
        {
            AnswerMember member = AnswerMembers.OfAnswer(members.Name);
            _parts.RequireFirst(member, ref members);
            bool isNull = json.Peek() == 'n';
            switch (member)
            {
                case AnswerMember.Choices:
                    isBare &= ReadChoices(ref json, out choices);
                    break;
                case AnswerMember.Extension when json.Peek() == '{':
                    isBare &= TokenIdGrammar.ReadExtension(ref json, _parts, members);
                    break;
                case AnswerMember.PromptTokenIds:
                    TokenIdGrammar.ReadList(ref json, _parts, AnswerPartKind.PromptTokenIds, members);
                    break;
                case AnswerMember.Object:
                    hasError |= ReadObjectName(ref json, members);
                    break;
                case AnswerMember.Model when !isNull:
                    ReadModel(ref json, members);
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
                    hasError |= member == AnswerMember.Error;
                    _parts.Pass(ref json, PartOf(member), members);
                    isBare &= isNull;
                    break;
                case AnswerMember.Usage or AnswerMember.Extension when !isNull:
                    _parts.OpenObject(ref json);
                    isBare = false;
                    break;
                case AnswerMember.Other:
                    _parts.PassExtra(ref json, AnswerPartKind.Unbound, members);
                    isBare &= isNull;
                    break;
                default:
                    json.Skip();
                    isBare &= isNull || member is AnswerMember.Envelope or AnswerMember.Model;
                    break;
            }
        }
        if (hasError && choices > 0)
            _parts.Refuse(CanonicalFormError.Contradiction, "An error beside choices", 0);
        return (members.Before, isBare);
    }

    /// <summary>Refuses another name than in the events before.</summary>
    private void ReadModel(ref JsonCursor json, scoped in MemberScope members)
    {
        int start = json.At;
        _parts.PassString(ref json, AnswerPartKind.Model, members);
        ReadOnlySpan<byte> name = json.Text[start..json.At];
        if (name[0] != '"' || name.Length == 2 || name.SequenceEqual(_model))
            return;
        if (name.Length > LongestModel || JsonStrings.HasUnpairedSurrogate(name[1..^1]))
            _parts.Refuse(CanonicalFormError.WrongType, "A name of a model that a receipt can't hold", start);
        if (_model is not null && !CanonicalJson.AreEqual(_model, name))
            _parts.Refuse(CanonicalFormError.Contradiction, "Another model than in the events before", start);
        _model ??= name.ToArray();
    }

    /// <summary>
    /// Old vLLM and SGLang say in this member that the answer is an error, whose members are the answer's own.
    /// </summary>
    /// <returns>Whether it says so.</returns>
    private bool ReadObjectName(ref JsonCursor json, scoped in MemberScope members)
    {
        int start = json.At;
        json.Skip();
        ReadOnlySpan<byte> value = json.Text[start..json.At];
        bool isPlain = value.Length == "\"error\""u8.Length && value.SequenceEqual("\"error\""u8);
        bool isError = isPlain || (value[0] == '"' && json.HasEscapes && JsonStrings.AreEqual(value[1..^1], "error"u8));
        if (isError)
            _parts.End(_parts.Begin(AnswerPartKind.Error, members, start), json.At);
        return isError;
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
    private bool ReadChoices(ref JsonCursor json, out int count)
    {
        count = 0;
        if (!_parts.OpenArray(ref json))
            return true;
        bool isFirst = true,
            areBare = true;
        int before = -1;
        // One choice is the first with or without an index.
        bool? haveIndex = null;
        for (; json.NextElement(ref isFirst); count++)
        {
            int place = json.At;
            if (!_parts.OpenObject(ref json, isNullFine: false))
                continue;
            (int index, bool hasIndex, bool isBare) = ReadChoice(ref json, count);
            areBare &= isBare;
            haveIndex = (haveIndex ?? true) && hasIndex;
            if (!_isEvent && count > 0 && haveIndex == false)
                _parts.Refuse(CanonicalFormError.DuplicateIndex, "Several choices of which one lacks an index", place);
            _parts.RequireOrder(index, before, place);
            if (!_isEvent && index != count)
                _parts.Refuse(CanonicalFormError.DuplicateIndex, "A choice whose index is not its place", place);
            before = index;
        }
        return areBare;
    }

    private (int Index, bool HasIndex, bool IsBare) ReadChoice(ref JsonCursor json, int position)
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
                case AnswerMember.TokenIds:
                    TokenIdGrammar.ReadList(ref json, _parts, AnswerPartKind.TokenIds, members);
                    break;
                case AnswerMember.ResponseTokenIds:
                    TokenIdGrammar.ReadList(
                        ref json,
                        _parts,
                        AnswerPartKind.TokenIds,
                        members,
                        AnswerPartTraits.IsResponseTokenIds
                    );
                    break;
                case AnswerMember.PromptTokenIds:
                    TokenIdGrammar.ReadList(ref json, _parts, AnswerPartKind.PromptTokenIds, members);
                    break;
                case AnswerMember.Message:
                    isBare &= _messages.Read(ref json, _parts);
                    break;
                case AnswerMember.Text when !isNull:
                    _parts.PassString(ref json, AnswerPartKind.Text, members);
                    isBare = false;
                    break;
                case AnswerMember.FinishReason when !isNull:
                    ReadFinish(ref json, members);
                    isBare = false;
                    break;
                case AnswerMember.Logprobs:
                    ReadLogprobs(ref json, members);
                    isBare &= isNull;
                    break;
                default:
                    _parts.PassExtra(ref json, AnswerPartKind.ChoiceExtra, members);
                    isBare &= isNull;
                    break;
            }
        }
        if (_isEvent)
            RequireLikeBefore(index is not null, ref _haveIndex, _parts, _parts.Span[at].Start);
        _parts.End(at, json.At, isBare ? AnswerPartTraits.IsBare : AnswerPartTraits.None);
        _parts.AssignChoice(at, index ?? position);
        _toolNumbers?.Number(_parts.Span[at..], index ?? position, json.Text);
        _logprobs?.AssignChoice(firstScore, index ?? position);
        return (index ?? position, index is not null, isBare);
    }

    /// <summary>
    /// Refuses an index in some events that others don't have: a client that goes by the index takes the others for
    /// those of another element.
    /// </summary>
    internal static void RequireLikeBefore(bool hasIndex, ref bool? before, AnswerParts parts, int at)
    {
        if (before is { } had && had != hasIndex)
            parts.Refuse(CanonicalFormError.Contradiction, "An index that other events have, or lack,", at);
        before ??= hasIndex;
    }

    private void ReadFinish(ref JsonCursor json, scoped in MemberScope members)
    {
        _parts.RequireString(ref json, "A finish reason must be a string or null, but another value is");
        _parts.Pass(ref json, AnswerPartKind.Finish, members);
        _parts.IsRemembered = true;
    }

    private void ReadLogprobs(ref JsonCursor json, scoped in MemberScope members)
    {
        json.BareNumbers = _bareNumbers;
        if (_logprobs is null)
        {
            json.Skip();
        }
        else if (json.Peek() == '{')
        {
            int at = _parts.Begin(AnswerPartKind.Logprobs, members, json.At);
            _logprobs.Read(ref json, _parts);
            _parts.End(at, json.At);
        }
        else
        {
            _logprobs.Read(ref json, _parts);
        }
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
            bool isNull = json.Peek() == 'n';
            json.Skip();
            if (member == AnswerMember.Other || isNull)
                continue;
            if (!Digits.TryRead(json.Text[at..json.At], long.MaxValue, out _))
            {
                _parts.Refuse(
                    CanonicalFormError.WrongType,
                    "A count of tokens must be a whole number from 0, but another value is",
                    at
                );
                continue;
            }
            AnswerPartKind kind = member switch
            {
                AnswerMember.PromptTokens => AnswerPartKind.PromptTokens,
                AnswerMember.CompletionTokens => AnswerPartKind.CompletionTokens,
                _ => AnswerPartKind.TotalTokens,
            };
            _parts.End(_parts.Begin(kind, members, at), json.At);
        }
    }
}
