using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Gateway.Forwarding;

/// <summary>
/// The members of an engine's answer or event, of which others are composed. Values are copied as they are: what is
/// wrong with them is found by the reader of the whole, <see cref="AnswerReader"/>.
/// </summary>
internal sealed class AnswerPieces
{
    private readonly ReadOnlyMemory<byte> _json;
    private readonly List<(Range Name, Range Value)> _members = [];
    private readonly List<Choice> _choices = [];

    private AnswerPieces(ReadOnlyMemory<byte> json) => _json = json;

    /// <summary>Whether there are choices.</summary>
    public bool HasChoices => _choices.Count > 0;

    /// <summary>Whether it is an error, which has no choices.</summary>
    public bool IsError =>
        Value("error"u8) is { Length: > 0 } error && error.Span[0] != (byte)'n'
        // Old vLLM and SGLang (AnswerReader).
        || Value("object"u8).Span.SequenceEqual("\"error\""u8);

    /// <summary>The value of <c>usage</c>; null if it is absent or no object.</summary>
    /// <exception cref="OpenAIException">502: it is malformed.</exception>
    public JsonElement? Usage
    {
        get
        {
            if (Value("usage"u8) is not { Length: > 0 } usage || usage.Span[0] != (byte)'{')
                return null;
            try
            {
                return JsonElement.Parse(usage.Span);
            }
            catch (JsonException)
            {
                throw GatewayErrors.BadAnswer("its usage is malformed.");
            }
        }
    }

    /// <summary>Takes an answer or event apart; null if it is no object, which its reader says.</summary>
    public static AnswerPieces? Of(ReadOnlyMemory<byte> json)
    {
        var pieces = new AnswerPieces(json);
        try
        {
            var cursor = new JsonCursor(json.Span, AnswerReader.MaxDepth) { BareNumbers = [] };
            if (cursor.Peek() != '{')
                return null;
            pieces.Read(ref cursor);
            cursor.RequireEnd();
            return pieces;
        }
        catch (CanonicalFormException)
        {
            return null;
        }
    }

    /// <summary>The text of a member's value; empty if it is absent.</summary>
    public ReadOnlyMemory<byte> Value(ReadOnlySpan<byte> name)
    {
        foreach ((Range Name, Range Value) member in _members)
        {
            if (_json.Span[member.Name].SequenceEqual(name))
                return _json[member.Value];
        }
        return default;
    }

    /// <summary>Writes the object with some members left out or replaced.</summary>
    /// <param name="output">Receives the object.</param>
    /// <param name="replace">
    /// Gets a member's name and value: its new value; empty leaves it out.
    /// </param>
    public void Write(IBufferWriter<byte> output, Func<string, ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> replace)
    {
        bool isFirst = true;
        output.Write("{"u8);
        foreach ((Range Name, Range Value) member in _members)
        {
            ReadOnlySpan<byte> name = _json.Span[member.Name];
            ReadOnlyMemory<byte> value = replace(Encoding.UTF8.GetString(name), _json[member.Value]);
            if (value.IsEmpty)
                continue;
            output.Write(isFirst ? "\""u8 : ",\""u8);
            output.Write(name);
            output.Write("\":"u8);
            output.Write(value.Span);
            isFirst = false;
        }
        output.Write("}"u8);
    }

    /// <summary>Writes the choices, separated by commas, with their numbers in the answer to all prompts.</summary>
    /// <param name="output">Receives the choices.</param>
    /// <param name="first">Number of the prompt's first choice.</param>
    public void WriteChoices(IBufferWriter<byte> output, int first)
    {
        for (int i = 0; i < _choices.Count; i++)
        {
            if (i > 0)
                output.Write(","u8);
            Choice choice = _choices[i];
            ReadOnlySpan<byte> json = _json.Span;
            if (choice.Index is { } place)
            {
                output.Write(json[choice.Value.Start..place.Start]);
                WriteNumber(output, first + NumberAt(place));
                output.Write(json[place.End..choice.Value.End]);
            }
            else
            {
                int inside = choice.Value.Start.Value + 1;
                output.Write("{\"index\":"u8);
                WriteNumber(output, first + i);
                if (!choice.IsEmpty)
                    output.Write(","u8);
                output.Write(json[inside..choice.Value.End.Value]);
            }
        }
    }

    /// <summary>The sum of usages, member by member; what is no number is the first one's.</summary>
    /// <param name="usages">At least one.</param>
    public static byte[] Sum(IReadOnlyCollection<JsonElement> usages) =>
        JsonBytes.Write(json => WriteSum(json, usages));

    private static void WriteSum(Utf8JsonWriter json, IReadOnlyCollection<JsonElement> values)
    {
        JsonElement[] objects = [.. values.Where(value => value.ValueKind == JsonValueKind.Object)];
        JsonElement[] numbers = [.. values.Where(value => value.ValueKind == JsonValueKind.Number)];
        if (objects.Length > 0)
        {
            json.WriteStartObject();
            foreach (
                IGrouping<string, JsonElement> member in objects
                    .SelectMany(value => value.EnumerateObject())
                    .GroupBy(member => member.Name, member => member.Value)
            )
            {
                json.WritePropertyName(member.Key);
                WriteSum(json, [.. member]);
            }
            json.WriteEndObject();
        }
        else if (numbers.Length > 0 && numbers.All(number => number.TryGetInt64(out _)))
        {
            json.WriteNumberValue(numbers.Sum(number => number.GetInt64()));
        }
        else
        {
            values.First().WriteTo(json);
        }
    }

    private void Read(ref JsonCursor cursor)
    {
        bool isFirst = true;
        cursor.Open();
        while (cursor.NextMember(ref isFirst, out int start, out ReadOnlySpan<byte> name))
        {
            int at = cursor.At;
            if (name.SequenceEqual("choices"u8) && cursor.Peek() == '[')
                ReadChoices(ref cursor);
            else
                cursor.Skip();
            _members.Add(((start + 1)..(start + 1 + name.Length), at..cursor.At));
        }
    }

    private void ReadChoices(ref JsonCursor cursor)
    {
        bool isFirst = true;
        cursor.Open();
        while (cursor.NextElement(ref isFirst))
        {
            int at = cursor.At;
            if (cursor.Peek() != '{')
                throw cursor.NotJson();
            bool isFirstMember = true;
            Range? index = null;
            cursor.Open();
            while (cursor.NextMember(ref isFirstMember, out _, out ReadOnlySpan<byte> name))
            {
                int value = cursor.At;
                bool isIndex = name.SequenceEqual("index"u8);
                cursor.Skip();
                if (isIndex)
                    index = value..cursor.At;
            }
            _choices.Add(new Choice(at..cursor.At, index, isFirstMember));
        }
    }

    private int NumberAt(Range place) =>
        Utf8Parser.TryParse(_json.Span[place], out int number, out int read)
        && read == place.End.Value - place.Start.Value
        && number >= 0
            ? number
            : throw GatewayErrors.BadAnswer("the index of a choice is no whole number.");

    private static void WriteNumber(IBufferWriter<byte> output, int number) =>
        output.Write(Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)));

    /// <param name="Value">Place of the choice.</param>
    /// <param name="Index">Place of its index; null if it has none.</param>
    /// <param name="IsEmpty">Whether it has no member.</param>
    private readonly record struct Choice(Range Value, Range? Index, bool IsEmpty);
}
