using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Receipts.Canonical;

/// <summary>
/// What the server set in a request, member name → raw JSON text (<c>seed</c> → <c>42</c>, <c>model</c> → <c>"tiny"</c>
/// with its quotes). A pin replaces the client's member of that name.
/// </summary>
internal sealed class RequestPins
{
    /// <summary>Most bytes of a pin's JSON text.</summary>
    public const int MaxBytes = 200;

    private static readonly FrozenSet<string> Content = FrozenSet.Create(
        StringComparer.Ordinal,
        "messages",
        "prompt",
        "suffix",
        "input",
        "input_ids",
        "tools",
        "functions",
        "tool_choice",
        "function_call",
        "response_format",
        "prediction",
        "regex",
        "ebnf",
        "json_schema",
        "structural_tag"
    );

    /// <summary>No pins.</summary>
    public static RequestPins None { get; } = new([]);

    private readonly SortedDictionary<string, string> _pins = new(Utf8Order.Instance);

    /// <summary>Takes the pins given.</summary>
    /// <exception cref="ArgumentException">One of them can't be a pin; the message says which and why.</exception>
    public RequestPins(IEnumerable<KeyValuePair<string, string>> pins)
    {
        ArgumentNullException.ThrowIfNull(pins);
        foreach ((string name, string json) in pins)
        {
            if (Refusal(name, json) is { } why)
                throw new ArgumentException($"The pin '{name}' {why}.", nameof(pins));
            if (!_pins.TryAdd(name, json))
                throw new ArgumentException($"The pin '{name}' is given twice.", nameof(pins));
        }
    }

    /// <summary>Raw JSON text by member name, in order of the names' UTF-8 bytes.</summary>
    public IReadOnlyDictionary<string, string> Values => _pins;

    private static string? Refusal(string name, string json)
    {
        if (!Utf8Order.IsWellFormed(name))
            return "has a name with half of a surrogate pair";
        if (Content.Contains(name))
            return "would replace content of the client";
        if (CanonicalRequest.IsRemoved(name))
            return "is a member that the canonical request leaves out";
        if (!Utf8Order.IsWellFormed(json))
            return "has a value with half of a surrogate pair";
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        if (bytes.Length > MaxBytes)
            return $"is longer than {MaxBytes} bytes";
        try
        {
            var reader = new Utf8JsonReader(bytes);
            bool scalar =
                reader.Read()
                && reader.TokenType
                    is JsonTokenType.Number
                        or JsonTokenType.String
                        or JsonTokenType.True
                        or JsonTokenType.False
                && reader.TokenStartIndex == 0
                && reader.BytesConsumed == bytes.Length;
            if (!scalar)
                return "is not exactly one JSON number, boolean or string";
            return reader.TokenType == JsonTokenType.String && JsonStrings.HasUnpairedSurrogate(reader.ValueSpan)
                ? "has a value with half of a surrogate pair"
                : null;
        }
        catch (JsonException)
        {
            return "is not exactly one JSON number, boolean or string";
        }
    }
}
