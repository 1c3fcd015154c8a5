using System.Buffers;
using System.Collections.Frozen;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Receipts.Canonical;

/// <summary>
/// <c>dis-req/2</c>: what of a client's request determines the answer, in one spelling. Members that mean the same are
/// the same, as far as the table says so (<see cref="NeutralMembers"/>); everything below the top level stays as it was
/// received, because templates and grammars see it.
/// </summary>
internal static class CanonicalRequest
{
    /// <summary>Name and version of the form.</summary>
    public const string Form = "dis-req/2";

    /// <summary>Most levels of objects and arrays, the body itself included.</summary>
    public const int MaxDepth = 64;

    private const string MaxTokens = "max_tokens",
        MaxCompletionTokens = "max_completion_tokens",
        LogitBias = "logit_bias";

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
        "tee",
        "receipt"
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
    /// <exception cref="ArgumentException">The path is another one.</exception>
    /// <exception cref="CanonicalFormException">The body has no canonical form.</exception>
    public static Sha256Value Digest(string path, ReadOnlySpan<byte> body)
    {
        using var hash = new HashWriter();
        Write(path, body, hash);
        return hash.Finish();
    }

    /// <summary>The SHA-256 of the canonical request, of a body that has been parsed already.</summary>
    /// <param name="path">One of <see cref="Paths"/>.</param>
    /// <param name="request">
    /// The client's body, parsed from valid UTF-8 with at most <see cref="MaxDepth"/> levels and unique names.
    /// </param>
    /// <exception cref="ArgumentException">The path is another one.</exception>
    /// <exception cref="CanonicalFormException">
    /// The body has no canonical form. Offsets count from the object's first byte.
    /// </exception>
    public static Sha256Value Digest(string path, JsonElement request)
    {
        RequestText.RequireWellFormed(request, JsonMarshal.GetRawUtf8Value(request));
        using var hash = new HashWriter();
        Write(path, Members(path, request), hash);
        return hash.Finish();
    }

    /// <summary>Writes the canonical request: the form's name, the path and the JSON, each with a line feed.</summary>
    /// <inheritdoc cref="Digest(string, ReadOnlySpan{byte})"/>
    public static void Write(string path, ReadOnlySpan<byte> body, IBufferWriter<byte> output)
    {
        using JsonDocument document = RequestText.Parse(body);
        Write(path, Members(path, document.RootElement), output);
    }

    /// <summary>
    /// The digests of the request without some of its members, of those that the table of fields does not know: what
    /// lies between client and server may have dropped them.
    /// </summary>
    /// <param name="path">One of <see cref="Paths"/>.</param>
    /// <param name="request">The client's body, parsed (<see cref="RequestText"/>).</param>
    /// <param name="without">The members to leave out.</param>
    internal static Sha256Value DigestWithout(string path, JsonElement request, IReadOnlySet<string> without)
    {
        List<Member> members = Members(path, request);
        members.RemoveAll(member => without.Contains(member.Original));
        using var hash = new HashWriter();
        Write(path, members, hash);
        return hash.Finish();
    }

    /// <summary>The names of the top-level members that the form binds, as the client wrote them.</summary>
    internal static IReadOnlyList<string> BoundMembers(string path, JsonElement request) =>
        [.. Members(path, request).Select(member => member.Original)];

    /// <summary>
    /// The request as the engine got it: the client's members that are bound, as the client wrote them, with the pins
    /// applied.
    /// </summary>
    /// <param name="path">One of <see cref="Paths"/>.</param>
    /// <param name="body">The client's body.</param>
    /// <param name="pins">What the server set.</param>
    /// <exception cref="CanonicalFormException">The body has no canonical form.</exception>
    public static byte[] Effective(string path, ReadOnlySpan<byte> body, RequestPins pins)
    {
        ArgumentNullException.ThrowIfNull(pins);
        using JsonDocument document = RequestText.Parse(body);
        List<Member> members = Members(path, document.RootElement);
        return JsonBytes.Write(json =>
        {
            json.WriteStartObject();
            foreach (Member member in members.Where(member => !pins.Values.ContainsKey(member.Original)))
            {
                json.WritePropertyName(member.Original);
                member.Value.WriteTo(json);
            }
            foreach ((string name, string value) in pins.Values)
            {
                json.WritePropertyName(name);
                json.WriteRawValue(value);
            }
            json.WriteEndObject();
        });
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
        using JsonDocument document = RequestText.Parse(body);
        return ChoicesPerPrompt(document.RootElement, pins);
    }

    private static int Choices(JsonElement n) =>
        n.ValueKind == JsonValueKind.Number
        && n.TryGetDecimal(out decimal count)
        && count is >= 1 and <= int.MaxValue
        && decimal.IsInteger(count)
            ? (int)count
            : 1;

    private static void Write(string path, List<Member> members, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        output.Write(Encoding.UTF8.GetBytes($"{Form}\n{path}\n{{"));
        bool first = true;
        foreach (Member member in members)
        {
            if (!first)
                output.Write(","u8);
            first = false;
            JsonStrings.WriteQuoted(member.Name, output);
            output.Write(":"u8);
            WriteValue(member, output);
        }
        output.Write("}\n"u8);
    }

    private static void WriteValue(in Member member, IBufferWriter<byte> output)
    {
        if (member.Value.ValueKind == JsonValueKind.Number)
        {
            DecimalText.Write(JsonMarshal.GetRawUtf8Value(member.Value), output);
            return;
        }
        if (member.Name != LogitBias || member.Value.ValueKind != JsonValueKind.Object)
        {
            CanonicalJson.WriteValue(member.Value, output);
            return;
        }
        output.Write("{"u8);
        bool first = true;
        foreach (JsonProperty bias in member.Value.EnumerateObject())
        {
            if (!first)
                output.Write(","u8);
            first = false;
            JsonStrings.WriteQuoted(bias.Name, output);
            output.Write(":"u8);
            WriteValue(new Member("", "", bias.Value), output);
        }
        output.Write("}"u8);
    }

    /// <summary>The members of the canonical request, sorted.</summary>
    private static List<Member> Members(string path, JsonElement request)
    {
        if (!Paths.Contains(path))
            throw new ArgumentException(
                $"The canonical request is defined for {CompletionsPath} and {ChatPath}.",
                nameof(path)
            );
        bool isChat = path == ChatPath,
            hasMaxTokens =
                request.TryGetProperty(MaxTokens, out JsonElement max) && max.ValueKind != JsonValueKind.Null;
        var members = new List<Member>();
        foreach (JsonProperty property in request.EnumerateObject())
        {
            string original = property.Name;
            if (IsRemoved(original) || property.Value.ValueKind == JsonValueKind.Null)
                continue;
            // Where both stand, engines choose between them in different ways.
            string name = isChat && original == MaxCompletionTokens && !hasMaxTokens ? MaxTokens : original;
            var member = new Member(name, original, property.Value);
            if (!NeutralMembers.Has(name) || !NeutralMembers.IsNeutral(name, isChat, HashOfValue(member)))
                members.Add(member);
        }
        members.Sort((a, b) => Utf8Order.Instance.Compare(a.Name, b.Name));
        return members;
    }

    /// <summary>Of the canonical value, which may be large: a neutral one is told without a copy.</summary>
    private static Sha256Value HashOfValue(in Member member)
    {
        using var hash = new HashWriter();
        WriteValue(member, hash);
        return hash.Finish();
    }

    /// <summary>A member that is bound.</summary>
    /// <param name="Name">In the canonical form.</param>
    /// <param name="Original">As the client wrote it.</param>
    /// <param name="Value">Its value.</param>
    private readonly record struct Member(string Name, string Original, JsonElement Value);
}
