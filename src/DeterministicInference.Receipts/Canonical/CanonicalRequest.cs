using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using System.Text.Json;

namespace DeterministicInference.Receipts.Canonical;

/// <summary>
/// <c>dis-req/1</c>: what of a request determines the answer, in one spelling. It reads tokens and never goes through a number
/// type or a map, so literals and the order of nested members stay as they were received.
/// </summary>
public static class CanonicalRequest
{
    /// <summary>Name and version of the form.</summary>
    public const string Form = "dis-req/1";

    /// <summary>Most levels of objects and arrays, the body itself included.</summary>
    public const int MaxDepth = 64;

    private static readonly FrozenSet<string> Removed = FrozenSet.Create(
        StringComparer.Ordinal,
        "stream", "stream_options", "user", "safety_identifier", "metadata", "store", "service_tier", "rid", "priority", "custom_labels", "tee");

    /// <summary>The paths that the form knows.</summary>
    public static IReadOnlyList<string> Paths { get; } = ["/v1/completions", "/v1/chat/completions"];

    /// <summary>True for the top-level members that the form leaves out, because they say how to deliver or whom to bill.</summary>
    public static bool IsRemoved(string name) => Removed.Contains(name);

    /// <summary>The SHA-256 of the canonical request.</summary>
    /// <param name="path">One of <see cref="Paths"/>.</param>
    /// <param name="body">The client's body.</param>
    /// <param name="pins">What the server set.</param>
    /// <exception cref="ArgumentException">The path is another one.</exception>
    /// <exception cref="CanonicalFormException">The body has no canonical form.</exception>
    public static Sha256Value Digest(string path, ReadOnlySpan<byte> body, RequestPins pins)
    {
        using var hash = new HashWriter();
        Write(path, body, pins, hash);
        return hash.Finish();
    }

    /// <summary>Writes the canonical request: the form's name, the path and the JSON, each with a line feed.</summary>
    /// <inheritdoc cref="Digest"/>
    public static void Write(string path, ReadOnlySpan<byte> body, RequestPins pins, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(pins);
        ArgumentNullException.ThrowIfNull(output);
        if (!Paths.Contains(path)) throw new ArgumentException("The canonical request is defined for /v1/completions and /v1/chat/completions.", nameof(path));
        body = CanonicalJson.WithoutMark(body);
        Dictionary<string, Range> members = Members(body);
        IReadOnlyDictionary<string, string> pinned = pins.Values;

        output.Write(Encoding.UTF8.GetBytes($"{Form}\n{path}\n{{"));
        bool first = true;
        IEnumerable<string> kept = members.Keys.Where(name => !IsRemoved(name) && !pinned.ContainsKey(name));
        foreach (string name in kept.Concat(pinned.Keys).Order(Utf8Order.Instance))
        {
            if (!first) output.Write(","u8);
            first = false;
            JsonStrings.WriteQuoted(name, output);
            output.Write(":"u8);
            ReadOnlySpan<byte> json = pinned.TryGetValue(name, out string? pin) ? Encoding.UTF8.GetBytes(pin) : body[members[name]];
            Utf8JsonReader value = CanonicalJson.Reader(json, MaxDepth);
            value.Read();
            CanonicalJson.WriteValue(ref value, output);
        }
        output.Write("}\n"u8);
    }

    /// <summary>Checks the whole body and gives the places of the values of its top-level members.</summary>
    private static Dictionary<string, Range> Members(ReadOnlySpan<byte> body)
    {
        CanonicalJson.RequireUtf8(body);
        var members = new Dictionary<string, Range>(StringComparer.Ordinal);
        var names = new ObjectNames();
        Utf8JsonReader reader = CanonicalJson.Reader(body, MaxDepth);
        string member = "";
        int start = 0;
        try
        {
            while (reader.Read())
            {
                CanonicalJson.RequireDepth(ref reader, body, MaxDepth);
                CheckToken(ref reader, body, names);
                if (reader.CurrentDepth == 0 && reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.EndObject))
                {
                    throw new CanonicalFormException(CanonicalFormError.NotAnObject, "A request must be a JSON object, but another value is", body, 0);
                }
                if (reader.CurrentDepth != 1) continue;
                if (reader.TokenType == JsonTokenType.PropertyName) member = JsonStrings.Decode(reader.ValueSpan);
                else if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray) start = (int)reader.TokenStartIndex;
                else if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray) members[member] = start..(int)reader.BytesConsumed;
                else members[member] = (int)reader.TokenStartIndex..(int)reader.BytesConsumed;
            }
            return members;
        }
        catch (JsonException)
        {
            throw CanonicalJson.NotJson(body, reader.BytesConsumed);
        }
    }

    private static void CheckToken(ref Utf8JsonReader reader, ReadOnlySpan<byte> body, ObjectNames names)
    {
        if (reader.TokenType == JsonTokenType.StartObject) names.Open(reader.CurrentDepth);
        if (reader.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.String)) return;
        if (JsonStrings.HasUnpairedSurrogate(reader.ValueSpan))
        {
            throw new CanonicalFormException(CanonicalFormError.UnpairedSurrogate, "Half of a surrogate pair", body, reader.TokenStartIndex);
        }
        if (reader.TokenType == JsonTokenType.PropertyName && !names.Add(reader.CurrentDepth - 1, JsonStrings.Decode(reader.ValueSpan)))
        {
            throw new CanonicalFormException(CanonicalFormError.DuplicateName, "A second member of the same name", body, reader.TokenStartIndex);
        }
    }
}
