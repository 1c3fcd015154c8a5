using System.Text;
using DeterministicInference.Receipts.Answers;

namespace DeterministicInference.Receipts.Tests.Answers;

/// <summary>
/// An answer as an engine might send it, and then changed in some places: members added, doubled, moved, retyped,
/// removed, reordered, renamed, indexes exchanged. The same seed gives the same answer.
/// </summary>
internal sealed class MutatedAnswer
{
    private readonly SeededValues _random;
    private readonly List<JsonTree> _parts;

    /// <summary>Calls that have their name.</summary>
    private readonly HashSet<(int Choice, int Tool)> _called = [];

    /// <summary>1 for <c>reasoning_content</c>, 2 for <c>reasoning</c>, or both.</summary>
    private readonly int _reasoningNames;
    private readonly bool _hasIndexes,
        _hasToolIndexes;
    private readonly int _choices,
        _toolGap;
    private readonly string _model,
        _role;
    private readonly JsonTree _prompt;

    public MutatedAnswer(int seed)
    {
        _random = new SeededValues(seed);
        Delivery = _random.OneIn(2) ? AnswerDelivery.Json : AnswerDelivery.Sse;
        WantsLogprobs = _random.OneIn(2);
        ChoicesPerPrompt = 1 + _random.Below(2);
        _reasoningNames = 1 + _random.Below(3);
        _choices = 1 + _random.Below(3);
        // Several choices of a JSON answer have one each.
        _hasIndexes = !_random.OneIn(Delivery == AnswerDelivery.Json && _choices > 1 ? 20 : 4);
        _hasToolIndexes = !_random.OneIn(4);
        _toolGap = _random.OneIn(3) ? 3 : 1;
        _model = _random.Of(["\"m\"", "\"org\\/m\"", "\"\"", "null", "\"é\\u00e9\""]);
        _role = _random.Of(["assistant", "assistant", "assistant", "tool", "\ud83d"]);
        _prompt = Ids();
        _parts = Delivery == AnswerDelivery.Json ? [Whole()] : Events();
        int changes = _random.Below(4);
        for (int i = 0; i < changes; i++)
            Change();
        Body = Delivery == AnswerDelivery.Json ? Bytes(Mark() + _parts[0].Write(_random)) : Stream();
    }

    public AnswerDelivery Delivery { get; }

    public bool WantsLogprobs { get; }

    public int ChoicesPerPrompt { get; }

    public byte[] Body { get; }

    /// <summary>The JSON of the answer or of each event, before it was put into a stream.</summary>
    public IEnumerable<byte[]> Parts => _parts.Select(part => Encoding.UTF8.GetBytes(part.Write(new SeededValues(0))));

    private bool IsStream => Delivery == AnswerDelivery.Sse;

    private JsonTree Whole()
    {
        bool inExtension = _random.OneIn(4);
        JsonTree answer = Envelope(Enumerable.Range(0, _choices).Select(i => Choice(i, true, !inExtension)));
        if (inExtension || _random.OneIn(30))
            answer.Members!.Insert(_random.Below(answer.Members.Count), Extension());
        answer.Members!.Add(("usage", Usage()));
        return answer;
    }

    private List<JsonTree> Events()
    {
        bool inExtension = _random.OneIn(4);
        var events = new List<JsonTree>();
        for (int i = 1 + _random.Below(6); i > 0; i--)
        {
            // Positions stand for choices only from the first one on.
            IEnumerable<int> some = Enumerable.Range(0, 1 + _random.Below(_choices));
            if (_hasIndexes)
                some = Enumerable.Range(0, _choices).Where(_ => _random.OneIn(2));
            events.Add(Envelope([.. some.Select(choice => Choice(choice, false, !inExtension))]));
        }
        events.Add(Envelope([.. Enumerable.Range(0, _choices).Select(choice => Choice(choice, true, !inExtension))]));
        if (inExtension || _random.OneIn(30))
            events.Add(JsonTree.Object(("choices", JsonTree.Array()), Extension()));
        if (_random.OneIn(2))
            events.Add(JsonTree.Object(("choices", JsonTree.Array()), ("usage", Usage())));
        if (_random.OneIn(12))
            events.Insert(_random.Below(events.Count), JsonTree.Scalar("null"));
        if (_random.OneIn(25))
            events.Add(JsonTree.Object(("error", JsonTree.Scalar("{\"message\":\"m\"}"))));
        if (_random.OneIn(8))
            events.Add(Envelope([_random.OneIn(2) ? Choice(_random.OneIn(3) ? 1 : 0, true, !inExtension) : Again()]));
        return events;
    }

    /// <summary>A second end of a choice, mostly for the same reason.</summary>
    private JsonTree Again()
    {
        var members = new List<(string, JsonTree)> { ("finish_reason", JsonTree.Quote(Reason(), _random)) };
        if (_hasIndexes)
            members.Add(("index", JsonTree.Of(_random.Below(_choices))));
        return JsonTree.Object(Shuffled([.. members]));
    }

    private JsonTree Envelope(IEnumerable<JsonTree> choices) =>
        JsonTree.Object(
            Shuffled(
                ("id", JsonTree.Scalar("\"x\"")),
                ("created", JsonTree.Of(17)),
                ("model", JsonTree.Scalar(_random.OneIn(60) ? "\"other\"" : _model)),
                ("object", JsonTree.Quote(_random.OneIn(40) ? "error" : "text_completion", _random)),
                ("choices", JsonTree.Array(choices)),
                ("prompt_token_ids", _random.OneIn(3) ? Prompt() : JsonTree.Scalar("null"))
            )
        );

    private JsonTree Choice(int index, bool isLast, bool hasIds)
    {
        var members = new List<(string, JsonTree)>();
        if (_hasIndexes ^ _random.OneIn(60))
            members.Add(("index", JsonTree.Of(index)));
        if (_random.OneIn(3))
            members.Add(("text", Text()));
        else
            members.Add((IsStream ? "delta" : "message", Message(index)));
        members.Add(("finish_reason", isLast ? JsonTree.Quote(Reason(), _random) : JsonTree.Scalar("null")));
        if (hasIds && !_random.OneIn(6))
            members.Add((_random.OneIn(8) ? "response_token_ids" : "token_ids", Ids()));
        if (hasIds && _random.OneIn(20))
            members.Add(("response_token_ids", _random.OneIn(3) ? JsonTree.Scalar("null") : Ids()));
        if (_random.OneIn(6))
            members.Add(("prompt_token_ids", Prompt()));
        if (WantsLogprobs || _random.OneIn(6))
            members.Add(("logprobs", _random.OneIn(2) ? ChatLogprobs() : CompletionLogprobs()));
        AddExtras(members);
        return JsonTree.Object(Shuffled([.. members]));
    }

    private string Reason() =>
        _random.OneIn(40) ? _random.Of(MutatedPieces.OddReasons)
        : _random.OneIn(6) ? _random.Of(MutatedPieces.Reasons)
        : "stop";

    /// <summary>Members that nobody reads.</summary>
    private void AddExtras(List<(string, JsonTree)> members)
    {
        while (_random.OneIn(6))
            members.Add((_random.Of(MutatedPieces.Extras), JsonTree.Scalar(_random.Of(MutatedPieces.ExtraValues))));
    }

    private JsonTree Message(int choice)
    {
        var members = new List<(string, JsonTree)>
        {
            (
                "role",
                JsonTree.Quote(
                    _random.OneIn(40) ? "user"
                        : _random.OneIn(4) ? ""
                        : _role,
                    _random
                )
            ),
        };
        if (!_random.OneIn(4))
            members.Add(("content", Text()));
        if (_random.OneIn(3))
            AddReasoning(members);
        if (_random.OneIn(5))
            members.Add(("refusal", Text()));
        if (_random.OneIn(6))
            members.Add(("function_call", _random.OneIn(25) ? CallOfNothing() : Call("arguments", (choice, -1))));
        if (_random.OneIn(3))
        {
            // Without indexes all of them stand in every event.
            int count = 1 + _random.Below(2),
                first = _hasToolIndexes ? _random.Below(2) : 0;
            IEnumerable<JsonTree> tools = Enumerable.Range(first, count).Select(i => Tool(choice, i));
            members.Add(("tool_calls", JsonTree.Array([.. tools])));
        }
        AddExtras(members);
        return JsonTree.Object(Shuffled([.. members]));
    }

    /// <summary>By the answer's one name, or by two with the same text, as newer vLLM does; seldom otherwise.</summary>
    private void AddReasoning(List<(string, JsonTree)> members)
    {
        int names = _random.OneIn(10) ? 1 + _random.Below(3) : _reasoningNames;
        string text = Characters();
        bool isContent = (names & 1) != 0,
            isReasoning = (names & 2) != 0;
        if (isContent || _random.OneIn(2))
            members.Add(("reasoning_content", isContent ? JsonTree.Quote(text, _random) : JsonTree.Scalar("null")));
        if (isReasoning)
            members.Add(("reasoning", _random.OneIn(15) ? Text() : JsonTree.Quote(text, _random)));
    }

    private JsonTree Tool(int choice, int position)
    {
        bool isCustom = (position & 1) != 0 ^ _random.OneIn(25);
        string kind = isCustom ? "custom" : "function";
        var members = new List<(string, JsonTree)> { ("id", Id()) };
        if (IsStream ? _hasToolIndexes ^ _random.OneIn(60) : _random.OneIn(4))
            members.Add(("index", JsonTree.Of(position * _toolGap)));
        if (!_random.OneIn(20))
            members.Add((kind, Call(isCustom ? "input" : "arguments", (choice, position))));
        if (_random.OneIn(2))
            members.Add(("type", JsonTree.Quote(_random.OneIn(8) ? "" : kind, _random)));
        if (_random.OneIn(4))
            members.Add((isCustom ? "function" : "custom", JsonTree.Scalar(_random.OneIn(12) ? "{}" : "null")));
        AddExtras(members);
        return JsonTree.Object(Shuffled([.. members]));
    }

    /// <summary>Mostly the same one again, or none.</summary>
    private JsonTree Id() =>
        _random.Below(40) switch
        {
            0 => JsonTree.Quote("other", _random),
            1 => JsonTree.Quote("\ud83d", _random),
            < 12 => JsonTree.Scalar("null"),
            < 18 => JsonTree.Scalar("\"\""),
            _ => JsonTree.Quote("call", _random),
        };

    /// <summary>A call has its name the first time, and seldom again.</summary>
    private JsonTree Call(string input, (int, int) call)
    {
        bool isNamed = !_called.Add(call) && IsStream && !_random.OneIn(4);
        var members = new List<(string, JsonTree)>
        {
            ("name", !isNamed ? Text() : JsonTree.Scalar(_random.OneIn(2) ? "null" : "\"\"")),
            (input, Text()),
        };
        if (_random.OneIn(10))
            members.Add(("parsed_arguments", JsonTree.Scalar("{}")));
        if (_random.OneIn(60))
            members.Add(("strict", JsonTree.Scalar(_random.OneIn(2) ? "null" : "true")));
        return JsonTree.Object(Shuffled([.. members]));
    }

    private JsonTree CallOfNothing() =>
        JsonTree.Scalar(_random.Of(["{}", "{\"name\":null,\"arguments\":null}", "{\"parsed_arguments\":{}}"]));

    private (string, JsonTree) Extension() =>
        (
            "sglext",
            JsonTree.Object(
                ("input_ids", Prompt()),
                ("output_ids", JsonTree.Array([.. Enumerable.Range(0, _choices).Select(_ => Ids())]))
            )
        );

    private JsonTree Usage() =>
        JsonTree.Object(
            Shuffled(
                ("prompt_tokens", JsonTree.Of(3)),
                ("completion_tokens", JsonTree.Of(_random.Below(4))),
                ("total_tokens", _random.OneIn(3) ? JsonTree.Scalar("null") : JsonTree.Of(7)),
                ("cost", JsonTree.Scalar("1.5"))
            )
        );

    private JsonTree Ids() =>
        JsonTree.Array([.. Enumerable.Range(0, _random.Below(4)).Select(_ => JsonTree.Of(_random.Below(99999)))]);

    /// <summary>Mostly the same one again.</summary>
    private JsonTree Prompt() => _random.OneIn(10) ? Ids() : _prompt.Copy();

    private JsonTree ChatLogprobs() =>
        JsonTree.Object(
            Shuffled(("content", Entries()), ("refusal", _random.OneIn(3) ? Entries() : JsonTree.Scalar("null")))
        );

    private JsonTree Entries() => JsonTree.Array([.. Enumerable.Range(0, _random.Below(3)).Select(_ => Entry(true))]);

    private JsonTree Entry(bool hasAlternatives)
    {
        var members = new List<(string, JsonTree)> { ("token", Text()), ("logprob", Number()) };
        if (hasAlternatives)
        {
            IEnumerable<JsonTree> alternatives = Enumerable.Range(0, _random.Below(3)).Select(_ => Entry(false));
            members.Add(("top_logprobs", JsonTree.Array([.. alternatives])));
        }
        return JsonTree.Object(Shuffled([.. members]));
    }

    private JsonTree CompletionLogprobs()
    {
        int count = _random.Below(4);
        JsonTree Many(Func<JsonTree> one) => JsonTree.Array([.. Enumerable.Range(0, count).Select(_ => one())]);
        return JsonTree.Object(
            Shuffled(
                ("tokens", Many(Text)),
                ("token_logprobs", Many(Number)),
                ("top_logprobs", _random.OneIn(4) ? JsonTree.Array() : Many(NamedAlternatives)),
                ("text_offset", Many(() => JsonTree.Of(0)))
            )
        );
    }

    private JsonTree NamedAlternatives() =>
        _random.OneIn(5)
            ? JsonTree.Scalar("null")
            : JsonTree.Object([
                .. Enumerable.Range(0, _random.Below(3)).Select(_ => (_random.Of(["a", "b", "\\ud83d"]), Number())),
            ]);

    private JsonTree Number() =>
        JsonTree.Scalar(_random.Of(["-0.25", "-1", "0", "-1.5e-3", "null", "-7.125", "-Infinity", "NaN"]));

    private JsonTree Text() => JsonTree.Quote(Characters(), _random);

    private string Characters() =>
        string.Concat(Enumerable.Range(0, _random.Below(4)).Select(_ => _random.Of(MutatedPieces.Pieces)));

    /// <summary>One change, in any place.</summary>
    private void Change()
    {
        JsonTree[] all = [.. _parts.SelectMany(part => part.All())],
            objects = [.. all.Where(value => value.Members is { Count: > 0 })];
        if (objects.Length == 0)
            return;
        JsonTree changed = _random.Of(objects);
        List<(string Name, JsonTree Value)> members = changed.Members!;
        int at = _random.Below(members.Count);
        (string name, JsonTree value) = members[at];
        switch (_random.Below(13))
        {
            case 0:
                members.Insert(_random.Below(members.Count + 1), (_random.Of(MutatedPieces.Names), Any()));
                break;
            case 1:
                members.Insert(_random.Below(members.Count + 1), (name, _random.OneIn(2) ? value.Copy() : Any()));
                break;
            case 2:
                members.RemoveAt(at);
                _random.Of(objects).Members!.Add((name, value));
                break;
            case 3 or 4:
                value.Set(Any());
                break;
            case 5:
                members.RemoveAt(at);
                break;
            case 6:
                members.Reverse();
                break;
            case 7:
                members[at] = (_random.Of(MutatedPieces.Names), value);
                break;
            case 8:
                members[at] = (Escaped(name), value);
                break;
            case 9:
                members[at] = (InOtherCase(name), value);
                break;
            case 10:
                members.Insert(_random.Below(members.Count + 1), (InOtherCase(name), value.Copy()));
                break;
            case 11:
                // Index games.
                foreach ((string _, JsonTree index) in members.Where(member => member.Name == "index"))
                    index.Set(_random.OneIn(4) ? Any() : JsonTree.Of(_random.Below(4)));
                break;
            default:
                JsonTree target = _random.Of(all);
                // Never into itself.
                if (!target.All().Contains(changed) && !changed.All().Contains(target))
                    target.Set(changed.Copy());
                break;
        }
    }

    private JsonTree Any() => JsonTree.Scalar(_random.Of(MutatedPieces.Scalars));

    private static string Escaped(string name) =>
        name.Length == 0 || name[0] == '\\' ? name : $"\\u{(int)name[0]:x4}{name[1..]}";

    /// <summary>Some of its letters are other ones that readers which ignore case take for them.</summary>
    private string InOtherCase(string name) =>
        name.Contains('\\', StringComparison.Ordinal)
            ? name
            : string.Concat(name.Select(letter => _random.OneIn(3) ? Cased(letter) : letter.ToString()));

    private string Cased(char letter) =>
        letter switch
        {
            's' when _random.OneIn(2) => _random.Of(["ſ", "\\u017f"]),
            'k' when _random.OneIn(2) => _random.Of(["\u212a", "\\u212a", "\\u212A"]),
            'i' when _random.OneIn(2) => _random.Of(["ı", "İ", "\\u0131"]),
            _ when _random.OneIn(20) => _random.Of(["é", "ß", "Σ"]),
            _ => char.ToUpperInvariant(letter).ToString(),
        };

    private (string, JsonTree)[] Shuffled(params (string, JsonTree)[] members)
    {
        for (int i = members.Length - 1; i > 0 && _random.OneIn(2); i--)
        {
            int other = _random.Below(i + 1);
            (members[i], members[other]) = (members[other], members[i]);
        }
        return members;
    }

    private byte[] Stream()
    {
        var stream = new StringBuilder(Mark());
        string end = _random.Of(MutatedPieces.LineEnds);
        foreach (JsonTree part in _parts)
        {
            if (_random.OneIn(8))
                stream.Append(_random.Of(MutatedPieces.Lines)).Append(end);
            if (_random.OneIn(150))
                stream.Append(_random.Of(MutatedPieces.OddLines)).Append(end);
            // Within the JSON no line ends; one that does begins a second line of data.
            string inner = _random.OneIn(60) ? end + "data: " : " ";
            string data = part.Write(_random).Replace("\n", inner, StringComparison.Ordinal);
            stream.Append(_random.OneIn(4) ? "data:" : "data: ").Append(data).Append(end).Append(end);
        }
        if (!_random.OneIn(12))
            stream.Append(_random.OneIn(4) ? _random.Of(MutatedPieces.Ends) : "data: [DONE]\n\n");
        if (_random.OneIn(20))
            stream.Length = _random.Below(stream.Length);
        return Bytes(stream.ToString());
    }

    private string Mark() => _random.OneIn(30) ? "\uFEFF" : "";

    /// <summary>Seldom with a byte that is no UTF-8.</summary>
    private byte[] Bytes(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length > 0 && _random.OneIn(100))
            bytes[_random.Below(bytes.Length)] ^= (byte)(1 << _random.Below(8));
        return bytes;
    }
}
