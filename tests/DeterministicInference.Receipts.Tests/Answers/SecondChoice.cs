using System.Buffers.Binary;
using System.Text.Json;

namespace DeterministicInference.Receipts.Tests.Answers;

/// <summary>Members by name that are not null, in the order of the text.</summary>
/// <param name="known">The names that are read.</param>
internal sealed class SecondObject(IReadOnlySet<string> known)
{
    private readonly Dictionary<string, JsonElement> _members = [];

    /// <summary>Members that are not read may stand here more than once.</summary>
    public List<(string Name, JsonElement Value)> Order { get; } = [];

    public JsonElement? this[string name] => _members.TryGetValue(name, out JsonElement value) ? value : null;

    /// <summary>Whether the member is not one of those that are read.</summary>
    public bool IsOther(string name) => !known.Contains(name);

    public void Add(string name, JsonElement value)
    {
        _members[name] = value;
        Order.Add((name, value));
    }
}

/// <summary>What was said first.</summary>
internal sealed class SecondStory
{
    private readonly Dictionary<string, string> _first = [];

    /// <summary>What was said first of something, which may be this.</summary>
    public string Of(string what, string said)
    {
        _first.TryAdd(what, said);
        return _first[what];
    }
}

/// <summary>A tool call: its kind and its id.</summary>
/// <param name="isStream">Whether it comes in pieces.</param>
internal sealed class SecondTool(bool isStream)
{
    private string? _id;

    public string Kind { get; private set; } = "";

    public void AddId(string id)
    {
        if (id.Length == 0)
            return;
        if (isStream && (_id ??= id) != id)
            throw new NoFormException("another id of a tool call");
    }

    public void AddType(string type)
    {
        if (type is not ("" or "function" or "custom"))
            throw new NoFormException("a type that is none");
        AddKind(type);
    }

    public void AddKind(string kind)
    {
        if (kind.Length == 0)
            return;
        if (Kind.Length > 0 && Kind != kind)
            throw new NoFormException("a function and custom");
        Kind = kind;
    }
}

/// <summary>The channels of a choice as whole strings.</summary>
/// <param name="isStream">Whether it comes in pieces.</param>
/// <param name="planted">A defect, for the test of the test.</param>
internal sealed class SecondChoice(bool isStream, Defect planted)
{
    private static readonly string[] Fixed = ["text", "content", "reasoning", "refusal", "call.name", "call.arguments"];

    private readonly Dictionary<string, string> _channels = [];
    private readonly SortedDictionary<long, SecondTool> _tools = [];

    /// <summary>Lines of the event that is read.</summary>
    private readonly List<byte[]> _lines = [];
    private string _role = "";
    private string? _firstFinish,
        _reasoningNames;

    /// <summary>Whether an event before this one has the finish reason.</summary>
    private bool _hasEnded;

    public string? Finish { get; private set; }

    public SecondLogprobs Logprobs { get; } = new();

    /// <summary>Lines of all events.</summary>
    public List<byte> Extras { get; } = [];

    public void BeginEvent() => _hasEnded = isStream && _firstFinish is not null;

    /// <summary>All of it was read; the order of its members says nothing.</summary>
    public void EndEvent()
    {
        IEnumerable<byte[]> lines = planted == Defect.UnsortedExtras ? _lines : _lines.Order(SecondJson.ByBytes);
        Extras.AddRange(lines.SelectMany(line => line));
        _lines.Clear();
    }

    public SecondTool Tool(long number)
    {
        RequireOpen();
        if (!_tools.TryGetValue(number, out SecondTool? tool))
            _tools.Add(number, tool = new SecondTool(isStream));
        return tool;
    }

    /// <summary>All of it was read.</summary>
    public void Close(bool requiresKinds)
    {
        if (requiresKinds && _tools.Values.Any(tool => tool.Kind.Length == 0))
            throw new NoFormException("a tool call of no kind");
    }

    /// <returns>Whether the fragment is not empty.</returns>
    public bool AddText(string channel, JsonElement? fragment)
    {
        if (fragment is not { } value)
            return false;
        string text = SecondJson.String(value);
        if (text.Length > 0)
            RequireOpen();
        _channels[channel] = _channels.GetValueOrDefault(channel, "") + text;
        return text.Length > 0;
    }

    /// <summary>A name comes whole, once: even the same one again is a second one.</summary>
    public void AddName(string channel, JsonElement? name)
    {
        bool hasOne = _channels.GetValueOrDefault(channel, "").Length > 0;
        if (AddText(channel, name) && hasOne && isStream && planted != Defect.ManyNames)
            throw new NoFormException("a second name");
    }

    public void AddRole(string role)
    {
        if (role.Length == 0)
            return;
        if (isStream && _role.Length > 0 && _role != role)
            throw new NoFormException("a second role");
        if (role != "assistant")
            RequireOpen();
        _role = role;
    }

    private void RequireOpen()
    {
        if (_hasEnded && planted != Defect.TextBehindEnd)
            throw new NoFormException("text behind the end");
    }

    public void AddFinish(string finish)
    {
        Finish = finish;
        if (finish.Length == 0)
            return;
        if (isStream && (_firstFinish ??= finish) != finish)
            throw new NoFormException("a second finish reason");
    }

    /// <summary>Under two names the same, and in a stream under the same names from the first to the last.</summary>
    public bool AddReasoning(JsonElement? content, JsonElement? reasoning)
    {
        if (content is { } one && reasoning is { } other && SecondJson.String(one) != SecondJson.String(other))
            throw new NoFormException("two reasonings");
        if (planted == Defect.OneReasoning)
            reasoning = null;
        if (!AddText("reasoning", content ?? reasoning))
            return false;
        string names = $"{content is not null} {reasoning is not null}";
        if (isStream && (_reasoningNames ??= names) != names)
            throw new NoFormException("reasoning under another name");
        return true;
    }

    /// <summary>A member that is not read, unless it is empty.</summary>
    public void AddExtra(string place, string name, JsonElement value)
    {
        if (planted == Defect.ExtrasOfMessages && place == "choice")
            return;
        if (SecondJson.CanonicalText(value) is not ("\"\"" or "[]" or "{}"))
            _lines.Add(Bytes($"{place} {{{SecondJson.Quoted(name)}:{SecondJson.CanonicalText(value)}}}\n"));
    }

    public IEnumerable<(string Name, string Text)> Channels()
    {
        foreach (string name in Fixed)
            yield return (name, _channels.GetValueOrDefault(name, ""));
        yield return ("role", _role == "assistant" ? "" : _role);
        foreach ((long number, SecondTool tool) in _tools)
        {
            yield return ($"tool.{number}.type", tool.Kind);
            foreach (string part in (string[])["name", "arguments", "input"])
                yield return ($"tool.{number}.{part}", _channels.GetValueOrDefault($"tool {number} {part}", ""));
        }
        yield return ("finish", Finish ?? "");
    }

    /// <summary>UTF-8, in which half of a pair that stays alone has its three bytes.</summary>
    public static byte[] Bytes(string text)
    {
        var bytes = new List<byte>();
        for (int i = 0; i < text.Length; i++)
        {
            int point = text[i];
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
                point = char.ConvertToUtf32(text[i], text[++i]);
            bytes.AddRange(
                point switch
                {
                    < 0x80 => [(byte)point],
                    < 0x800 => [(byte)(0xC0 | point >> 6), Last(point)],
                    < 0x10000 => [(byte)(0xE0 | point >> 12), Last(point >> 6), Last(point)],
                    _ => [(byte)(0xF0 | point >> 18), Last(point >> 12), Last(point >> 6), Last(point)],
                }
            );
        }
        return [.. bytes];

        static byte Last(int bits) => (byte)(0x80 | bits & 0x3F);
    }
}

/// <summary>The log-probabilities of a choice.</summary>
internal sealed class SecondLogprobs
{
    private readonly List<byte> _bytes = [],
        _refusal = [];

    /// <summary>Whether any token has some.</summary>
    public bool HasAny => _bytes.Count + _refusal.Count > 0;

    public byte[] Bytes() => [.. _bytes, .. _refusal];

    public void Add(JsonElement logprobs)
    {
        SecondObject members = SecondJson.Object(logprobs, "content refusal tokens token_logprobs top_logprobs");
        foreach (JsonElement entry in Items(members["content"]))
            AddEntry(entry, 0, _bytes);
        foreach (JsonElement entry in Items(members["refusal"]))
            AddEntry(entry, 1, _refusal);
        AddArrays(members);
    }

    private void AddArrays(SecondObject members)
    {
        JsonElement[] tokens = Items(members["tokens"]),
            numbers = Items(members["token_logprobs"]),
            named = Items(members["top_logprobs"]);
        if (members["token_logprobs"] is not null && numbers.Length != tokens.Length)
            throw new NoFormException("arrays of different length");
        if (named.Length > 0 && named.Length != tokens.Length)
            throw new NoFormException("arrays of different length");
        // All of them are read, whether they are used or not.
        double?[] scores = [.. numbers.Select(SecondReader.Number)];
        for (int i = 0; i < tokens.Length; i++)
        {
            _bytes.Add(2);
            AddText(tokens[i], _bytes);
            AddNumber(scores.Length > 0 ? scores[i] : null, _bytes);
            JsonProperty[] alternatives =
                named.Length == 0 || named[i].ValueKind == JsonValueKind.Null
                    ? []
                    : [.. Object(named[i]).EnumerateObject()];
            AddCount(alternatives.Length, _bytes);
            foreach (JsonProperty alternative in alternatives)
            {
                AddText(SecondJson.Unescape(SecondJson.RawName(alternative)), _bytes);
                AddNumber(SecondReader.Number(alternative.Value), _bytes);
            }
        }
    }

    private static void AddEntry(JsonElement entry, byte list, List<byte> bytes)
    {
        bytes.Add(list);
        SecondObject members = SecondJson.Object(entry, "token logprob top_logprobs");
        AddToken(members, bytes);
        JsonElement[] alternatives = Items(members["top_logprobs"]);
        AddCount(alternatives.Length, bytes);
        foreach (JsonElement alternative in alternatives)
            AddToken(SecondJson.Object(alternative, "token logprob"), bytes);
    }

    private static void AddToken(SecondObject members, List<byte> bytes)
    {
        AddText(members["token"] ?? throw new NoFormException("no token"), bytes);
        AddNumber(members["logprob"] is { } number ? SecondReader.Number(number) : null, bytes);
    }

    private static void AddText(JsonElement value, List<byte> bytes)
    {
        if (value.ValueKind != JsonValueKind.String)
            throw new NoFormException("a token that is no text");
        AddText(SecondJson.Unescape(value.GetRawText()[1..^1]), bytes);
    }

    private static void AddText(string text, List<byte> bytes)
    {
        byte[] utf8 = SecondChoice.Bytes(text);
        AddCount(utf8.Length, bytes);
        bytes.AddRange(utf8);
    }

    private static void AddCount(int count, List<byte> bytes)
    {
        var number = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, count);
        bytes.AddRange(number);
    }

    private static void AddNumber(double? number, List<byte> bytes)
    {
        var eight = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(
            eight,
            number is { } value ? BitConverter.DoubleToInt64Bits(value) : 0x7ff8000000000000
        );
        bytes.AddRange(eight);
    }

    private static JsonElement[] Items(JsonElement? value) =>
        value is not { } list ? []
        : list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()]
        : throw new NoFormException("no array");

    private static JsonElement Object(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object ? value : throw new NoFormException("no object");
}
