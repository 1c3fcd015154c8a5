using System.Buffers;
using System.Collections.Frozen;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace DeterministicInference.Receipts.Canonical;

/// <summary>
/// <c>dis-req/1</c>: what of a request determines the answer, in one spelling. It works on the parsed text and never
/// goes through a number type or a map, so literals and the order of nested members stay as they were received.
/// </summary>
public static class CanonicalRequest
{
    /// <summary>Name and version of the form.</summary>
    public const string Form = "dis-req/1";

    /// <summary>Most levels of objects and arrays, the body itself included.</summary>
    public const int MaxDepth = 64;

    private static readonly FrozenSet<string> Removed = FrozenSet.Create(
        StringComparer.Ordinal,
        "stream",
        "stream_options",
        "user",
        "safety_identifier",
        "metadata",
        "store",
        "service_tier",
        "rid",
        "priority",
        "custom_labels",
        "tee"
    );

    /// <summary>The path of completions.</summary>
    public const string CompletionsPath = "/v1/completions";

    /// <summary>The path of chats.</summary>
    public const string ChatPath = "/v1/chat/completions";

    /// <summary>The paths that the form knows.</summary>
    public static IReadOnlyList<string> Paths { get; } = [CompletionsPath, ChatPath];

    /// <summary>
    /// True for the top-level members that the form leaves out, because they say how to deliver or whom to bill.
    /// </summary>
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

    /// <summary>The SHA-256 of the canonical request, of a body that has been parsed already.</summary>
    /// <param name="path">One of <see cref="Paths"/>.</param>
    /// <param name="request">
    /// The client's body, parsed from valid UTF-8 with at most <see cref="MaxDepth"/> levels and unique names.
    /// </param>
    /// <param name="pins">What the server set.</param>
    /// <exception cref="ArgumentException">The path is another one.</exception>
    /// <exception cref="CanonicalFormException">
    /// The body has no canonical form. Offsets count from the object's first byte.
    /// </exception>
    public static Sha256Value Digest(string path, JsonElement request, RequestPins pins)
    {
        RequestText.RequireWellFormed(request, JsonMarshal.GetRawUtf8Value(request));
        using var hash = new HashWriter();
        Write(path, request, pins, hash);
        return hash.Finish();
    }

    /// <summary>Writes the canonical request: the form's name, the path and the JSON, each with a line feed.</summary>
    /// <inheritdoc cref="Digest(string, ReadOnlySpan{byte}, RequestPins)"/>
    public static void Write(string path, ReadOnlySpan<byte> body, RequestPins pins, IBufferWriter<byte> output)
    {
        body = CanonicalJson.WithoutMark(body);
        using JsonDocument document = RequestText.Parse(body);
        Write(path, document.RootElement, pins, output);
    }

    /// <summary>
    /// How many choices an answer has for each prompt: <c>n</c> as the engine got it, 1 where it got none.
    /// </summary>
    /// <param name="request">The client's body, parsed.</param>
    /// <param name="pins">What the server set.</param>
    public static int ChoicesPerPrompt(JsonElement request, RequestPins pins)
    {
        ArgumentNullException.ThrowIfNull(pins);
        if (pins.Values.TryGetValue("n", out string? pin))
            return Choices(JsonElement.Parse(pin));
        return request.TryGetProperty("n"u8, out JsonElement n) ? Choices(n) : 1;
    }

    /// <inheritdoc cref="ChoicesPerPrompt(JsonElement, RequestPins)"/>
    /// <param name="body">The client's body.</param>
    /// <param name="pins">What the server set.</param>
    /// <exception cref="CanonicalFormException">The body has no canonical form.</exception>
    public static int ChoicesPerPrompt(ReadOnlySpan<byte> body, RequestPins pins)
    {
        using JsonDocument document = RequestText.Parse(CanonicalJson.WithoutMark(body));
        return ChoicesPerPrompt(document.RootElement, pins);
    }

    private static int Choices(JsonElement n) =>
        n.ValueKind == JsonValueKind.Number
        && n.TryGetDecimal(out decimal count)
        && count is >= 1 and <= int.MaxValue
        && decimal.IsInteger(count)
            ? (int)count
            : 1;

    private static void Write(string path, JsonElement request, RequestPins pins, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(pins);
        ArgumentNullException.ThrowIfNull(output);
        if (!Paths.Contains(path))
            throw new ArgumentException(
                $"The canonical request is defined for {CompletionsPath} and {ChatPath}.",
                nameof(path)
            );
        output.Write(Encoding.UTF8.GetBytes($"{Form}\n{path}\n{{"));
        bool first = true;
        foreach ((string name, JsonElement value) in Members(request, pins))
        {
            if (!first)
                output.Write(","u8);
            first = false;
            JsonStrings.WriteQuoted(name, output);
            output.Write(":"u8);
            CanonicalJson.WriteValue(value, output);
        }
        output.Write("}\n"u8);
    }

    /// <summary>The members of the canonical request, sorted.</summary>
    private static List<(string Name, JsonElement Value)> Members(JsonElement request, RequestPins pins)
    {
        IReadOnlyDictionary<string, string> pinned = pins.Values;
        List<(string Name, JsonElement Value)> members =
        [
            .. pinned.Select(pin => (pin.Key, JsonElement.Parse(pin.Value))),
        ];
        foreach (JsonProperty member in request.EnumerateObject())
        {
            string name = member.Name;
            if (!IsRemoved(name) && !pinned.ContainsKey(name))
                members.Add((name, member.Value));
        }
        members.Sort((a, b) => Utf8Order.Instance.Compare(a.Name, b.Name));
        return members;
    }
}
