using System.Text.Json;
using System.Text.Unicode;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Receipts.Verification;

/// <summary>
/// Looks over JSON before anything is kept of it, and refuses what would take memory out of proportion to its bytes:
/// a file comes from anybody.
/// </summary>
internal static class EvidenceShape
{
    /// <summary>As deep as an answer may be, with the object around it.</summary>
    public const int MaxDepth = AnswerReader.MaxDepth + 1;

    private const int MostValues = 1 << 21,
        MostMembers = 200_000,
        LongestName = 1 << 16,
        LargestOther = 16 << 20;

    /// <summary>The names that tell what a file is.</summary>
    private static readonly string[] Known = ["choices", "form", "statement", "receipt", "receipt_id"];

    private static readonly JsonReaderOptions Options = new() { MaxDepth = MaxDepth };

    /// <summary>
    /// Those of the <see cref="Known"/> names that members at the top level have; none of what is no object.
    /// </summary>
    /// <param name="json">The text of a file.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <exception cref="EvidenceException">It is not JSON, or too much.</exception>
    public static HashSet<string> Names(ReadOnlySpan<byte> json, string name)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        int values = 0;
        try
        {
            Look(json, name, ref values, names);
        }
        catch (JsonException)
        {
            throw NoJson(name);
        }
        return names;
    }

    /// <summary>Requires that a request, an answer or a recorded stream is none of too much.</summary>
    /// <param name="text">The bytes; null for none.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <exception cref="EvidenceException">It is too much. What is no JSON is left to who reads it.</exception>
    public static void RequireModest(ReadOnlyMemory<byte>? text, string name)
    {
        if (text is not { } bytes)
            return;
        int values = 0;
        if (RecordedAnswer.DeliveryOf(bytes.Span) == AnswerDelivery.Json)
            LookIfJson(bytes.Span, name, ref values);
        else
        {
            foreach (Range line in bytes.Span.SplitAny("\r\n"u8))
            {
                if (bytes.Span[line].StartsWith("data:"u8))
                    LookIfJson(bytes.Span[line]["data:".Length..], name, ref values);
            }
        }
    }

    /// <summary>It is no JSON, or too deep.</summary>
    public static EvidenceException NoJson(string name) => new($"{name}: is not JSON of at most {MaxDepth} levels.");

    private static void LookIfJson(ReadOnlySpan<byte> json, string name, ref int values)
    {
        try
        {
            Look(json, name, ref values, null);
        }
        catch (JsonException)
        {
            // Its own reading says what is wrong with it, if that is little: it goes on behind NaN.
            if (json.Length > LargestOther || json.Count((byte)',') > MostMembers)
                throw NoJson(name);
        }
    }

    private static void Look(ReadOnlySpan<byte> json, string name, ref int values, HashSet<string>? names)
    {
        var reader = new Utf8JsonReader(json, Options);
        Span<int> members = stackalloc int[MaxDepth + 1];
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    if (reader.ValueSpan.Length > LongestName)
                        throw new EvidenceException($"{name}: has a name of more than {LongestName} bytes.");
                    if (++members[reader.CurrentDepth] > MostMembers)
                        throw new EvidenceException($"{name}: has an object of more than {MostMembers} members.");
                    if (reader.CurrentDepth == 1 && names is not null)
                        AddKnown(ref reader, name, names);
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    break;
                default:
                    if (reader.TokenType == JsonTokenType.StartObject)
                        members[reader.CurrentDepth + 1] = 0;
                    if (++values > MostValues)
                        throw new EvidenceException(
                            $"{name}: has more than {MostValues} values, of which an answer has so many with "
                                + "log-probabilities alone. Ask for fewer (top_logprobs), or give the receipt alone."
                        );
                    break;
            }
        }
    }

    /// <summary>Requires that a name is Unicode text.</summary>
    /// <param name="escaped">The inside of its token.</param>
    /// <param name="name">What to call the file in errors.</param>
    /// <exception cref="EvidenceException">It is none.</exception>
    public static void RequireName(ReadOnlySpan<byte> escaped, string name)
    {
        if (!Utf8.IsValid(escaped) || JsonStrings.HasUnpairedSurrogate(escaped))
            throw new EvidenceException($"{name}: has a member whose name is no Unicode text.");
    }

    private static void AddKnown(scoped ref Utf8JsonReader reader, string name, HashSet<string> names)
    {
        RequireName(reader.ValueSpan, name);
        foreach (string known in Known)
        {
            if (reader.ValueTextEquals(known))
                names.Add(known);
        }
    }
}
