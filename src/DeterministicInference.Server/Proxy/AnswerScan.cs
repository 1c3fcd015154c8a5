using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.EngineHost;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Proxy;

/// <summary>
/// Reads an answer, or one event of it after the other, once each: tells an answer that is complete from one that broke, and
/// collects the changes that the client is to get it with. Engines' own words for the reason of an end become the API's.
/// </summary>
/// <param name="hidesTokenIds">Whether token ids are taken out, because only this server asked for them.</param>
/// <param name="ids">What takes the place of what the engine made up for this answer alone; null leaves it.</param>
internal sealed class AnswerScan(bool hidesTokenIds, StableIds? ids = null)
{
    private const int LongestId = 200;

    private static readonly byte[] Stop = [.. "\"stop\""u8], Null = [.. "null"u8];

    private readonly HashSet<int> _open = [], _finished = [], _named = [];
    private readonly List<JsonSplice.Edit> _edits = [];

    /// <summary>Tool calls' ids of the choice that is being read: which edit, and of which call.</summary>
    private readonly List<(int Edit, int Call)> _calls = [];

    /// <summary>Which edit is the role of the choice that is being read; -1 where it has none.</summary>
    private int _role;

    /// <summary>The id of an answer that the engine gave none, as JSON.</summary>
    private byte[]? _givenId;

    /// <summary>Whether every choice has said why it ended.</summary>
    public bool IsComplete => _finished.Count > 0 && _open.Count == 0;

    public TokenUsage Usage { get; private set; }

    /// <summary>The answer's id, where it has one of a usual form and it is not derived from the request.</summary>
    public string? AnswerId { get; private set; }

    /// <summary>The changes to what was read last, in order.</summary>
    public ReadOnlySpan<JsonSplice.Edit> Edits => CollectionsMarshal.AsSpan(_edits);

    /// <summary>Whether the changes concern what was generated, not only what is said about it.</summary>
    public bool ChangesOutput { get; private set; }

    /// <summary>Whether nothing is left of an event that the client would want.</summary>
    public bool IsEmpty { get; private set; }

    /// <summary>The place behind the last member of what was read last, and whether there is none.</summary>
    public (int Place, bool IsFirst) End { get; private set; }

    /// <summary>Where the member <c>environment</c>, or the <c>determinism</c> of a server behind this one, has its value.</summary>
    public (Range? Environment, Range? Determinism) Own { get; private set; }

    /// <summary>Reads an answer or an event.</summary>
    /// <returns>The error that it is, or that it makes of the answer; else null.</returns>
    /// <exception cref="JsonException">It is not one JSON object in UTF-8.</exception>
    public OpenAIException? Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            if (!Utf8.IsValid(json.Span)) throw new JsonException();
            return ReadObject(json);
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("An unpaired surrogate escape in a name.", e);
        }
    }

    private OpenAIException? ReadObject(ReadOnlyMemory<byte> json)
    {
        _edits.Clear();
        (ChangesOutput, IsEmpty, Own) = (false, false, default);
        var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = 512 });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new JsonException();
        var members = new MemberEdits(_edits, (int)reader.BytesConsumed);
        bool isError = false, isAborted = false, hasChoices = false, hasUsage = false, hidesMore = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            int start = (int)reader.TokenStartIndex;
            members.Next(start);
            AnswerMember member = AnswerMembers.OfAnswer(ref reader);
            reader.Read();
            bool isRemoved = false;
            int value = (int)reader.TokenStartIndex;
            switch (member)
            {
                case AnswerMember.Error:
                    isError |= reader.TokenType != JsonTokenType.Null;
                    break;
                case AnswerMember.Usage when reader.TokenType == JsonTokenType.StartObject:
                    Usage = TokenUsage.ReadValue(ref reader);
                    hasUsage = true;
                    break;
                case AnswerMember.Choices when reader.TokenType == JsonTokenType.StartArray:
                    while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    {
                        isAborted |= ReadChoice(ref reader);
                        hasChoices = true;
                    }
                    break;
                case AnswerMember.TokenIds:
                    isRemoved = hidesTokenIds;
                    break;
                case AnswerMember.Extension when hidesTokenIds && reader.TokenType == JsonTokenType.StartObject:
                    isRemoved = hidesMore = ReadExtension(ref reader);
                    break;
                case AnswerMember.Id or AnswerMember.Created when ids is not null:
                    reader.Skip();
                    _edits.Add(new JsonSplice.Edit(value..(int)reader.BytesConsumed, member == AnswerMember.Id ? ids.Answer : ids.Created));
                    break;
                case AnswerMember.Id when reader is { TokenType: JsonTokenType.String, ValueSpan.Length: 0 }:
                    // TGI's, in all of its answers.
                    _givenId ??= JsonText.QuoteBytes(AnswerId = ResponseIds.Completion());
                    _edits.Add(new JsonSplice.Edit(value..(int)reader.BytesConsumed, _givenId));
                    break;
                case AnswerMember.Id when AnswerId is null && reader is { TokenType: JsonTokenType.String, ValueIsEscaped: false, ValueSpan.Length: <= LongestId }:
                    AnswerId = Encoding.UTF8.GetString(reader.ValueSpan);
                    break;
                case AnswerMember.Timings:
                    isRemoved = ids is not null;
                    break;
            }
            reader.Skip();
            Range place = value..(int)reader.BytesConsumed;
            if (member == AnswerMember.Environment) Own = Own.Environment is null ? (place, Own.Determinism) : throw new JsonException();
            if (member == AnswerMember.Determinism)
            {
                Own = Own.Determinism is null ? (Own.Environment, place) : throw new JsonException();
                isRemoved = true;
            }
            if (isRemoved) members.Remove(start, (int)reader.BytesConsumed);
            else members.Keep((int)reader.BytesConsumed);
        }
        members.Close();
        // Only white space may follow: anything else makes this throw.
        reader.Read();
        End = (members.End, members.IsEmpty);
        IsEmpty = hidesMore && !hasChoices && !hasUsage;
        if (isError) return BackendErrors.ReadEvent(json);
        return isAborted ? BackendFailures.BadAnswer("it gave up on the answer.") : null;
    }

    /// <returns>Whether the engine gave up on the choice: <c>abort</c> is how SGLang and vLLM end what they stop early.</returns>
    private bool ReadChoice(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException();
        _calls.Clear();
        _role = -1;
        var members = new MemberEdits(_edits, (int)reader.BytesConsumed);
        int index = 0;
        bool isFinished = false, isAborted = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            int start = (int)reader.TokenStartIndex;
            members.Next(start);
            AnswerMember member = AnswerMembers.OfChoice(ref reader);
            reader.Read();
            bool isRemoved = false;
            switch (member)
            {
                case AnswerMember.Index when reader.TokenType == JsonTokenType.Number:
                    reader.TryGetInt32(out index);
                    break;
                case AnswerMember.FinishReason when reader.TokenType == JsonTokenType.String:
                    isFinished = reader.ValueSpan.Length > 0;
                    isAborted = reader.ValueTextEquals("abort"u8) || reader.ValueTextEquals("error"u8);
                    Translate(ref reader);
                    break;
                case AnswerMember.TokenIds:
                    isRemoved = hidesTokenIds;
                    break;
                case AnswerMember.Message when ids is not null && reader.TokenType == JsonTokenType.StartObject:
                case AnswerMember.Delta when reader.TokenType == JsonTokenType.StartObject:
                    ReadMessage(ref reader, isDelta: member == AnswerMember.Delta);
                    break;
            }
            reader.Skip();
            if (isRemoved) members.Remove(start, (int)reader.BytesConsumed);
            else members.Keep((int)reader.BytesConsumed);
        }
        members.Close();
        foreach ((int edit, int call) in _calls) _edits[edit] = _edits[edit] with { Text = ids!.ToolCall(index, call) };
        // TGI says it in every chunk, and clients that join texts member by member would join it too.
        if (_role >= 0 && !_named.Add(index)) _edits[_role] = _edits[_role] with { Text = Null };
        if (isFinished)
        {
            _open.Remove(index);
            _finished.Add(index);
        }
        else if (!_finished.Contains(index))
        {
            _open.Add(index);
        }
        return isAborted;
    }

    /// <summary>TGI's reasons, and its way to say that there is none yet.</summary>
    private void Translate(ref Utf8JsonReader reader)
    {
        bool isNone = reader.ValueSpan.Length == 0;
        if (!isNone && !reader.ValueTextEquals("eos_token"u8) && !reader.ValueTextEquals("stop_sequence"u8)) return;
        _edits.Add(new JsonSplice.Edit((int)reader.TokenStartIndex..(int)reader.BytesConsumed, isNone ? Null : Stop));
        ChangesOutput = true;
    }

    /// <returns>Whether nothing is left of SGLang's extension.</returns>
    private bool ReadExtension(ref Utf8JsonReader reader)
    {
        int before = _edits.Count;
        var members = new MemberEdits(_edits, (int)reader.BytesConsumed);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            int start = (int)reader.TokenStartIndex;
            members.Next(start);
            bool isRemoved = AnswerMembers.IsTokenIdsOfExtension(ref reader);
            reader.Read();
            reader.Skip();
            if (isRemoved) members.Remove(start, (int)reader.BytesConsumed);
            else members.Keep((int)reader.BytesConsumed);
        }
        members.Close();
        // The whole of it goes instead.
        if (members.IsEmpty) _edits.RemoveRange(before, _edits.Count - before);
        return members.IsEmpty;
    }

    /// <summary>Finds the ids of tool calls in a message or a delta, and a delta's role.</summary>
    private void ReadMessage(ref Utf8JsonReader reader, bool isDelta)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isCalls = ids is not null && reader.ValueTextEquals("tool_calls"u8), isRole = isDelta && reader.ValueTextEquals("role"u8);
            reader.Read();
            if (isRole && reader.TokenType == JsonTokenType.String)
            {
                _role = _edits.Count;
                Range place = (int)reader.TokenStartIndex..(int)reader.BytesConsumed;
                _edits.Add(new JsonSplice.Edit(place, [(byte)'"', .. reader.ValueSpan, (byte)'"']));
            }
            if (isCalls && reader.TokenType == JsonTokenType.StartArray)
            {
                for (int position = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; position++) ReadCall(ref reader, position);
            }
            reader.Skip();
        }
    }

    private void ReadCall(ref Utf8JsonReader reader, int call)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException();
        int edit = -1;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isId = reader.ValueTextEquals("id"u8), isIndex = reader.ValueTextEquals("index"u8);
            reader.Read();
            if (isIndex && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int number)) call = number;
            if (isId && reader.TokenType == JsonTokenType.String)
            {
                edit = _edits.Count;
                _edits.Add(new JsonSplice.Edit((int)reader.TokenStartIndex..(int)reader.BytesConsumed, []));
            }
            reader.Skip();
        }
        if (edit >= 0) _calls.Add((edit, call));
    }
}
