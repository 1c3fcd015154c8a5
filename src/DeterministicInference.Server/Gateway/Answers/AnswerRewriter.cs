using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Gateway.Forwarding;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests.Types;

namespace DeterministicInference.Server.Gateway.Answers;

/// <summary>
/// Collects the changes to an answer, or to its events one after the other: removes token ids that only this server
/// requested, replaces engine-specific values and identifiers.
/// </summary>
/// <param name="rules">How the engine's answers differ from the API's.</param>
/// <param name="route">The route that serves the request.</param>
/// <param name="hidesTokenIds">Whether token ids are removed, because only this server requested them.</param>
/// <param name="ids">Replacements for ids that the engine drew at random; null keeps the engine's.</param>
/// <param name="withAlternatives">Whether log-probabilities may have alternatives beside the chosen tokens.</param>
internal sealed class AnswerRewriter(
    AnswerRules rules,
    RequestRoute route,
    bool hidesTokenIds,
    StableIds? ids = null,
    bool withAlternatives = true
)
{
    private readonly CompletionLogprobs? _logprobs =
        route == RequestRoute.Completions ? new CompletionLogprobs(withAlternatives) : null;

    /// <summary>Where the log-probabilities end that were read last.</summary>
    private AnswerPart _lastLogprobs;

    private const int LongestId = 200;

    private static readonly byte[] Null = [.. "null"u8];

    private readonly HashSet<int> _named = [];
    private bool _hasDeterminism;
    private readonly List<JsonSplice.Edit> _edits = [];

    /// <summary>End of the members removed so far from the start of an object on; -1 where there are none.</summary>
    private int _removedTo;

    /// <summary>Number of bare numbers that have been replaced.</summary>
    private int _bareNumbers;

    /// <summary>The id of the stream, as JSON; null until there was one.</summary>
    private byte[]? _id;

    /// <summary>The id, as JSON, for an answer to which the engine gave none.</summary>
    private byte[]? _givenId;

    public RequestRoute Route => route;

    /// <summary>Whether log-probabilities have to be read.</summary>
    public bool ReadsLogprobs => _logprobs is not null;

    public TokenUsage Usage { get; private set; }

    /// <summary>The answer's id, where it has a usual form and is not derived from the request.</summary>
    public string? AnswerId { get; private set; }

    /// <summary>The changes to the answer or event that was read last, in order.</summary>
    public ReadOnlySpan<JsonSplice.Edit> Edits => CollectionsMarshal.AsSpan(_edits);

    /// <summary>Whether the changes concern the generated output and not only metadata.</summary>
    public bool ChangesOutput { get; private set; }

    /// <summary>Whether the event that was read last has nothing left for the client.</summary>
    public bool IsEmpty { get; private set; }

    /// <summary>
    /// The position after the last member of the answer or event that was read last, and whether no member is left.
    /// </summary>
    public (int Place, bool IsEmptyObject) End { get; private set; }

    /// <summary>
    /// The value of the member <c>environment</c>, which this server writes itself, in a JSON answer.
    /// </summary>
    public Range? Environment { get; private set; }

    /// <summary>Processes an answer or the next event.</summary>
    /// <exception cref="OpenAIException">
    /// The engine aborted the answer, or a member that this server writes itself appears twice.
    /// </exception>
    public void Read(scoped in AnswerReading answer)
    {
        _edits.Clear();
        (ChangesOutput, Environment, _hasDeterminism, _removedTo, _bareNumbers) = (false, null, false, -1, 0);
        bool hidesMore = false;
        ReadOnlySpan<AnswerPart> parts = answer.Parts;
        for (int i = 0; i < parts.Length; i++)
        {
            ref readonly AnswerPart part = ref parts[i];
            switch (part.Kind)
            {
                case AnswerPartKind.Extension when hidesTokenIds && part.Is(AnswerPartTraits.IsBare):
                    hidesMore = true;
                    Remove(answer, part);
                    // The whole member is removed.
                    while (i + 1 < parts.Length && parts[i + 1].Start < part.End)
                        i++;
                    break;
                case AnswerPartKind.TokenIds
                or AnswerPartKind.PromptTokenIds
                or AnswerPartKind.TokenIdLists when hidesTokenIds:
                    hidesMore = true;
                    Remove(answer, part);
                    break;
                default:
                    Read(answer, part);
                    break;
            }
        }
        EditBareNumbers(answer, answer.Json.Length);
        IsEmpty = hidesMore && answer.IsBare;
        bool isEmptyObject = answer.End == _removedTo || (answer.End > 0 && answer.Json[answer.End - 1] == '{');
        End = (answer.End, isEmptyObject);
    }

    private void Read(scoped in AnswerReading answer, in AnswerPart part)
    {
        switch (part.Kind)
        {
            case AnswerPartKind.Finish:
                ReadFinish(answer, part);
                break;
            case AnswerPartKind.Role
                when rules.RepeatsRole && answer.Delivery == AnswerDelivery.Sse && !_named.Add(part.Choice):
                Replace(answer, part, Null);
                break;
            case AnswerPartKind.Tool when part.Is(AnswerPartTraits.LacksIndex) && !part.Is(AnswerPartTraits.NamesIndex):
                AddIndex(answer, part);
                break;
            case AnswerPartKind.ToolIndex:
                Replace(answer, part, Encoding.ASCII.GetBytes(part.Tool.ToString(CultureInfo.InvariantCulture)));
                ChangesOutput = true;
                break;
            case AnswerPartKind.ToolArguments
            or AnswerPartKind.CallArguments when part.Is(AnswerPartTraits.IsStructure):
                Replace(answer, part, Quoted(answer.Json[part.Value]));
                ChangesOutput = true;
                break;
            case AnswerPartKind.ToolId when ids is not null:
                Replace(answer, part, ids.ToolCall(part.Choice, part.Tool));
                break;
            case AnswerPartKind.Id:
                ReadId(answer, part);
                break;
            case AnswerPartKind.Created when ids is not null:
                Replace(answer, part, ids.Created);
                break;
            case AnswerPartKind.Timings when ids is not null:
                Remove(answer, part);
                break;
            case AnswerPartKind.Environment:
                RequireFirst(Environment is not null, "environment");
                Environment = part.Value;
                // A JSON answer gets this server's own value in its place.
                if (answer.Delivery == AnswerDelivery.Sse)
                    Remove(answer, part);
                break;
            case AnswerPartKind.Determinism:
                RequireFirst(_hasDeterminism, "determinism");
                _hasDeterminism = true;
                Remove(answer, part);
                break;
            case AnswerPartKind.Logprobs when _logprobs is not null:
                _lastLogprobs = part;
                TranslateLogprobs(_logprobs, answer, part);
                break;
            case AnswerPartKind.TextOffsets when _logprobs is not null:
                SetOffsets(_logprobs, answer, part);
                break;
            case AnswerPartKind.PromptTokens:
                Usage = Usage with { Prompt = answer.Number(part) };
                break;
            case AnswerPartKind.CompletionTokens:
                Usage = Usage with { Completion = answer.Number(part) };
                break;
        }
    }

    private void TranslateLogprobs(CompletionLogprobs logprobs, scoped in AnswerReading answer, in AnswerPart part)
    {
        ReadOnlySpan<ScoredToken> tokens = CompletionLogprobs.TokensIn(answer, part);
        if (!CompletionLogprobs.AreChats(tokens))
            return;
        Replace(answer, part, logprobs.Translate(answer, tokens));
        ChangesOutput = true;
    }

    private void SetOffsets(CompletionLogprobs logprobs, scoped in AnswerReading answer, in AnswerPart part)
    {
        ReadOnlySpan<ScoredToken> tokens = CompletionLogprobs.TokensIn(answer, _lastLogprobs);
        if (!CompletionLogprobs.AreChats(tokens) && logprobs.Offsets(answer, tokens, part) is { } offsets)
            Replace(answer, part, offsets);
    }

    /// <summary>Adds the number of a tool call, by which client libraries put the pieces together.</summary>
    private void AddIndex(scoped in AnswerReading answer, in AnswerPart tool)
    {
        int place = tool.ValueStart + 1;
        string comma = answer.Json[place..].TrimStart(" \t\r\n"u8)[0] == '}' ? "" : ",";
        Edit(answer, place..place, Encoding.ASCII.GetBytes(string.Create(null, $"\"index\":{tool.Tool}{comma}")));
        ChangesOutput = true;
    }

    /// <summary>A structure as the text of its JSON.</summary>
    private static byte[] Quoted(ReadOnlySpan<byte> structure) =>
        JsonText.QuoteBytes(Encoding.UTF8.GetString(structure));

    private void ReadFinish(scoped in AnswerReading answer, in AnswerPart part)
    {
        if (AnswerCompleteness.IsAbort(answer, part))
            throw GatewayErrors.BadAnswer("it aborted the answer.");
        // LocalAI writes it into every event. A client that stops at the first reason which is not null, as many
        // examples in Python do, would end there.
        if (answer.Delivery == AnswerDelivery.Sse && answer.ValueIs(part, ""u8))
        {
            Replace(answer, part, Null);
            ChangesOutput = true;
            return;
        }
        foreach (EngineFinishReason reason in rules.FinishReasons)
        {
            if (!answer.ValueIs(part, reason.Utf8Name.Span))
                continue;
            Replace(answer, part, reason.Json);
            ChangesOutput = true;
            return;
        }
        if (IsForeign(answer, part))
        {
            Replace(answer, part, AnswerRules.OtherFinishReason.Json);
            ChangesOutput = true;
        }
    }

    /// <summary>
    /// Whether a finish reason is none of the API's, such as vLLM's <c>repetition</c>: client libraries have a closed
    /// list of them. An empty one is none yet.
    /// </summary>
    private static bool IsForeign(scoped in AnswerReading answer, in AnswerPart part)
    {
        if (!answer.TryGetString(part, out ReadOnlySpan<byte> reason) || reason.IsEmpty)
            return false;
        foreach (EngineFinishReason known in AnswerRules.ApiFinishReasons)
        {
            if (answer.ValueIs(part, known.Utf8Name.Span))
                return false;
        }
        return true;
    }

    private void ReadId(scoped in AnswerReading answer, in AnswerPart part)
    {
        bool isString = answer.TryGetString(part, out ReadOnlySpan<byte> text);
        if (ids is not null)
        {
            Replace(answer, part, ids.Answer);
        }
        else if (isString && text.IsEmpty && rules.LeavesIdEmpty)
        {
            _givenId ??= JsonText.QuoteBytes(AnswerId = ResponseIds.Answer(route));
            Replace(answer, part, _givenId);
        }
        else if (isString && AnswerId is null && text.Length is > 0 and <= LongestId && !text.Contains((byte)'\\'))
        {
            AnswerId = Encoding.UTF8.GetString(text);
            _id = answer.Json[part.Value].ToArray();
        }
        else if (
            _id is not null
            && answer.Delivery == AnswerDelivery.Sse
            && !answer.Json[part.Value].SequenceEqual(_id)
        )
        {
            // SGLang and llama-server have one for each prompt; a stream of the API has one.
            Replace(answer, part, _id);
        }
    }

    private static void RequireFirst(bool isSecond, string name)
    {
        if (isSecond)
            throw GatewayErrors.BadAnswer($"its answer has the member '{name}' twice.");
    }

    private void Replace(scoped in AnswerReading answer, in AnswerPart part, byte[] value) =>
        Edit(answer, part.Value, value);

    /// <summary>
    /// Removes a member: with the comma before it where a member remains there, else with the comma after it.
    /// </summary>
    private void Remove(scoped in AnswerReading answer, in AnswerPart part)
    {
        bool isFirstLeft = part.Is(AnswerPartTraits.IsFirst) || part.Before == _removedTo;
        if (!isFirstLeft)
        {
            Edit(answer, part.Before..part.End, []);
            return;
        }
        _removedTo = part.End;
        ReadOnlySpan<byte> rest = answer.Json[part.End..].TrimStart(" \t\r\n"u8);
        int end = part.End;
        if (rest[0] == ',')
            end = answer.Json.Length - rest[1..].TrimStart(" \t\r\n"u8).Length;
        Edit(answer, part.Start..end, []);
    }

    private void Edit(scoped in AnswerReading answer, Range place, byte[] text)
    {
        EditBareNumbers(answer, place.Start.Value);
        _edits.Add(new JsonSplice.Edit(place, text));
        // What is replaced has none any more.
        ReadOnlySpan<Range> numbers = answer.BareNumbers;
        while (_bareNumbers < numbers.Length && numbers[_bareNumbers].Start.Value < place.End.Value)
            _bareNumbers++;
    }

    /// <summary>Replaces bare numbers (<c>NaN</c>, <c>Infinity</c>), which are not JSON, before a position.</summary>
    private void EditBareNumbers(scoped in AnswerReading answer, int before)
    {
        ReadOnlySpan<Range> places = answer.BareNumbers;
        for (; _bareNumbers < places.Length && places[_bareNumbers].Start.Value < before; _bareNumbers++)
        {
            Range place = places[_bareNumbers];
            _edits.Add(new JsonSplice.Edit(place, AnswerReading.BareNumber(answer.Json[place]).ToArray()));
        }
    }
}
