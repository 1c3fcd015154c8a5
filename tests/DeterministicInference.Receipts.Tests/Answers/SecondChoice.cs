using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace DeterministicInference.Receipts.Tests.Answers;

/// <summary>Members by name that are not null, in the order of the text.</summary>
internal sealed class SecondObject
{
    private readonly Dictionary<string, JsonElement> _members = [];

    public List<string> Order { get; } = [];

    public JsonElement? this[string name] => _members.TryGetValue(name, out JsonElement value) ? value : null;

    public void Add(string name, JsonElement value)
    {
        _members.Add(name, value);
        Order.Add(name);
    }
}

/// <summary>What was said first.</summary>
internal sealed class SecondStory
{
    private readonly Dictionary<string, string> _first = [];

    /// <summary>Whether nothing was said before of what was asked last.</summary>
    public bool IsNew { get; private set; }

    /// <summary>What was said first of something, which may be this.</summary>
    public string Of(string what, string said)
    {
        IsNew = _first.TryAdd(what, said);
        return _first[what];
    }
}

/// <summary>The channels of a choice as whole strings.</summary>
internal sealed class SecondChoice
{
    private static readonly string[] Fixed = ["text", "content", "reasoning", "refusal", "call.name", "call.arguments"];

    private readonly Dictionary<string, string> _channels = [];

    public SortedSet<long> Tools { get; } = [];

    public string? Finish { get; set; }

    public SecondStory Story { get; } = new();

    public SecondLogprobs Logprobs { get; } = new();

    /// <returns>Whether the fragment is not empty.</returns>
    public bool Add(string channel, JsonElement? fragment)
    {
        if (fragment is not { } value)
            return false;
        string text =
            value.ValueKind == JsonValueKind.String
                ? SecondJson.Unescape(value.GetRawText()[1..^1])
                : SecondJson.CanonicalText(value);
        _channels[channel] = _channels.GetValueOrDefault(channel, "") + text;
        return text.Length > 0;
    }

    public IEnumerable<(string Name, string Text)> Channels()
    {
        foreach (string name in Fixed)
            yield return (name, _channels.GetValueOrDefault(name, ""));
        int place = 0;
        foreach (long tool in Tools)
        {
            foreach (string part in (string[])["name", "arguments", "input"])
                yield return ($"tool.{place}.{part}", _channels.GetValueOrDefault($"tool {tool} {part}", ""));
            place++;
        }
        yield return ("finish", Finish ?? "");
    }

    /// <summary>UTF-8; halves of pairs become U+FFFD, of which none stay at the end.</summary>
    public static byte[] Bytes(string text) =>
        Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).TrimEnd('\ufffd'));
}

/// <summary>The log-probabilities of a choice.</summary>
internal sealed class SecondLogprobs
{
    private readonly List<byte> _bytes = [],
        _refusal = [];

    public byte[] Bytes() => [.. _bytes, .. _refusal];

    public void Add(JsonElement logprobs)
    {
        SecondObject members = SecondJson.Object(logprobs, "content refusal tokens token_logprobs top_logprobs");
        foreach (JsonElement entry in Items(members["content"]))
            AddEntry(entry, _bytes);
        foreach (JsonElement entry in Items(members["refusal"]))
            AddEntry(entry, _refusal);
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

    private static void AddEntry(JsonElement entry, List<byte> bytes)
    {
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
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
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
