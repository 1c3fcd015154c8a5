using System.Buffers;
using System.Globalization;
using System.Text.Json;
using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Receipts.Output;

/// <summary>
/// Takes the log-probabilities of a choice to their hash: of chat (<c>content</c> and <c>refusal</c>, lists of entries) or of
/// completions (parallel arrays). An entry is length and bytes of the token's text, its number, and the alternatives alike.
/// </summary>
internal ref struct LogprobsReader(ReadOnlySpan<byte> json, LogprobsHash hash)
{
    private readonly ReadOnlySpan<byte> json = json;
    private readonly LogprobsHash hash = hash;
    private readonly ArrayBufferWriter<byte> entry = new(), text = new();

    public readonly void Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Null) return;
        Require(ref reader, JsonTokenType.StartObject);
        Utf8JsonReader content = default, refusal = default, tokens = default, numbers = default, alternatives = default;
        uint seen = 0;
        while (NextMember(ref reader))
        {
            if (Is(ref reader, "content"u8, ref seen, 0)) BeginArray(ref reader, ref content);
            else if (Is(ref reader, "refusal"u8, ref seen, 1)) BeginArray(ref reader, ref refusal);
            else if (Is(ref reader, "tokens"u8, ref seen, 2)) BeginArray(ref reader, ref tokens);
            else if (Is(ref reader, "token_logprobs"u8, ref seen, 3)) BeginArray(ref reader, ref numbers);
            else if (Is(ref reader, "top_logprobs"u8, ref seen, 4)) BeginArray(ref reader, ref alternatives);
            reader.Skip();
        }
        while (NextElement(ref content))
        {
            WriteEntry(ref content);
            hash.Append(entry.WrittenSpan);
        }
        while (NextElement(ref refusal))
        {
            WriteEntry(ref refusal);
            if (!hash.TryAppendRefusal(entry.WrittenSpan)) throw WrongType(ref refusal, "Too many log-probabilities of a refusal");
        }
        ReadArrays(ref tokens, ref numbers, ref alternatives);
    }

    private readonly void ReadArrays(scoped ref Utf8JsonReader tokens, scoped ref Utf8JsonReader numbers, scoped ref Utf8JsonReader alternatives)
    {
        bool hasNumbers = numbers.TokenType == JsonTokenType.StartArray, hasAlternatives = alternatives.TokenType == JsonTokenType.StartArray;
        while (NextElement(ref tokens))
        {
            entry.Clear();
            WriteString(ref tokens, tokens.TokenType == JsonTokenType.String);
            if (hasNumbers && !NextElement(ref numbers)) throw WrongType(ref numbers, "The arrays of log-probabilities differ in length");
            LogprobsHash.WriteNumber(hasNumbers ? Number(ref numbers) : null, entry);
            if (hasAlternatives && !NextElement(ref alternatives)) throw WrongType(ref alternatives, "The arrays of log-probabilities differ in length");
            if (hasAlternatives) WriteNamedAlternatives(ref alternatives);
            else LogprobsHash.WriteCount(0, entry);
            hash.Append(entry.WrittenSpan);
        }
        if (hasNumbers && NextElement(ref numbers)) throw WrongType(ref numbers, "The arrays of log-probabilities differ in length");
        if (hasAlternatives && NextElement(ref alternatives)) throw WrongType(ref alternatives, "The arrays of log-probabilities differ in length");
    }

    /// <summary>Of chat: <c>{token, logprob, top_logprobs}</c>; alternatives have no alternatives.</summary>
    private readonly void WriteEntry(scoped ref Utf8JsonReader reader)
    {
        entry.Clear();
        Utf8JsonReader alternatives = WriteTokenAndNumber(ref reader);
        Utf8JsonReader counted = alternatives;
        int count = 0;
        for (; NextElement(ref counted); count++) counted.Skip();
        LogprobsHash.WriteCount(count, entry);
        while (NextElement(ref alternatives)) WriteTokenAndNumber(ref alternatives);
    }

    private readonly Utf8JsonReader WriteTokenAndNumber(scoped ref Utf8JsonReader reader)
    {
        Require(ref reader, JsonTokenType.StartObject);
        Utf8JsonReader token = default, number = default, alternatives = default, start = reader;
        uint seen = 0;
        while (NextMember(ref reader))
        {
            if (Is(ref reader, "token"u8, ref seen, 0)) token = reader;
            else if (Is(ref reader, "logprob"u8, ref seen, 1)) number = reader;
            else if (Is(ref reader, "top_logprobs"u8, ref seen, 2)) BeginArray(ref reader, ref alternatives);
            reader.Skip();
        }
        if (token.TokenType != JsonTokenType.String) throw WrongType(ref start, "A log-probability without the text of its token");
        WriteString(ref token, isString: true);
        LogprobsHash.WriteNumber(Number(ref number), entry);
        return alternatives;
    }

    /// <summary>Of completions: an object with a member per alternative, whose names may repeat.</summary>
    private readonly void WriteNamedAlternatives(scoped ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            LogprobsHash.WriteCount(0, entry);
            return;
        }
        Require(ref reader, JsonTokenType.StartObject);
        Utf8JsonReader counted = reader;
        int count = 0;
        for (; NextMember(ref counted); count++) counted.Skip();
        LogprobsHash.WriteCount(count, entry);
        while (NextMember(ref reader))
        {
            WriteString(ref reader, isString: true);
            reader.Read();
            LogprobsHash.WriteNumber(Number(ref reader), entry);
        }
    }

    private readonly void WriteString(scoped ref Utf8JsonReader reader, bool isString)
    {
        if (!isString) throw WrongType(ref reader, "A token's text must be a string, but another value is");
        text.Clear();
        JsonStrings.Write(reader.ValueSpan, text, quoted: false);
        LogprobsHash.WriteCount(text.WrittenCount, entry);
        entry.Write(text.WrittenSpan);
    }

    private readonly double? Number(scoped ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.None or JsonTokenType.Null => null,
        JsonTokenType.Number => double.Parse(reader.ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture),
        _ => throw WrongType(ref reader, "A log-probability must be a number or null, but another value is"),
    };

    private static bool NextMember(scoped ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.PropertyName;
    }

    /// <summary>False at the end of the array, and where there is none.</summary>
    private static bool NextElement(scoped ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.None) return false;
        reader.Read();
        return reader.TokenType != JsonTokenType.EndArray;
    }

    /// <summary>True, and on to the value, if this is the member's name.</summary>
    private readonly bool Is(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> name, ref uint seen, int bit)
    {
        if (!reader.ValueTextEquals(name)) return false;
        if ((seen & 1u << bit) != 0) throw Error(CanonicalFormError.DuplicateName, "A second member of the same name", ref reader);
        seen |= 1u << bit;
        reader.Read();
        return true;
    }

    /// <summary>Keeps the place of an array; null is none.</summary>
    private readonly void BeginArray(scoped ref Utf8JsonReader reader, scoped ref Utf8JsonReader array)
    {
        if (reader.TokenType == JsonTokenType.Null) return;
        Require(ref reader, JsonTokenType.StartArray);
        array = reader;
    }

    private readonly void Require(scoped ref Utf8JsonReader reader, JsonTokenType type)
    {
        if (reader.TokenType != type) throw WrongType(ref reader, "Log-probabilities have another shape");
    }

    private readonly CanonicalFormException WrongType(scoped ref Utf8JsonReader reader, string what) => Error(CanonicalFormError.WrongType, what, ref reader);

    private readonly CanonicalFormException Error(CanonicalFormError error, string what, scoped ref Utf8JsonReader reader) =>
        new(error, what, json, reader.TokenStartIndex);
}
