using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Receipts.Canonical;

/// <summary>
/// The lexical canonical form of a JSON value: tokens as received, no whitespace, one spelling per string.
/// </summary>
internal static class CanonicalJson
{
    /// <summary>More levels than any form allows: what is written was checked before.</summary>
    private const int DeepestValue = 1024;

    /// <summary>A leading byte order mark is not part of the text.</summary>
    public static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> json) =>
        json.StartsWith("\uFEFF"u8) ? json[3..] : json;

    /// <summary>A reader that stops by itself one level below the deepest that is allowed.</summary>
    public static Utf8JsonReader Reader(ReadOnlySpan<byte> json, int maxDepth) =>
        new(json, new JsonReaderOptions { MaxDepth = maxDepth + 1 });

    /// <exception cref="CanonicalFormException">The bytes are not UTF-8.</exception>
    public static void RequireUtf8(ReadOnlySpan<byte> json)
    {
        if (Utf8.IsValid(json))
            return;
        int offset = 0;
        while (Rune.DecodeFromUtf8(json[offset..], out _, out int length) == OperationStatus.Done)
            offset += length;
        throw new CanonicalFormException(
            CanonicalFormError.InvalidUtf8,
            "The bytes are not UTF-8",
            json[..offset],
            offset
        );
    }

    /// <exception cref="CanonicalFormException">
    /// The token that was read opens a level below <paramref name="maxDepth"/>.
    /// </exception>
    public static void RequireDepth(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, int maxDepth)
    {
        if (
            reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray)
            || reader.CurrentDepth < maxDepth
        )
            return;
        throw new CanonicalFormException(
            CanonicalFormError.TooDeep,
            $"More than {maxDepth} levels of nesting",
            json,
            reader.TokenStartIndex
        );
    }

    public static CanonicalFormException NotJson(ReadOnlySpan<byte> json, long offset) =>
        new(CanonicalFormError.InvalidJson, "The text is not one JSON value (RFC 8259)", json, offset);

    /// <summary>Writes the value whose first token was just read, and leaves the reader on its last.</summary>
    private static void WriteValue(ref Utf8JsonReader reader, IBufferWriter<byte> output)
    {
        int depth = reader.CurrentDepth;
        JsonTokenType before = JsonTokenType.None;
        do
        {
            JsonTokenType token = reader.TokenType;
            bool ends = token is JsonTokenType.EndObject or JsonTokenType.EndArray;
            if (
                !ends
                && before
                    is not (
                        JsonTokenType.None
                        or JsonTokenType.StartObject
                        or JsonTokenType.StartArray
                        or JsonTokenType.PropertyName
                    )
            )
            {
                output.Write(","u8);
            }
            switch (token)
            {
                case JsonTokenType.StartObject:
                    output.Write("{"u8);
                    break;
                case JsonTokenType.EndObject:
                    output.Write("}"u8);
                    break;
                case JsonTokenType.StartArray:
                    output.Write("["u8);
                    break;
                case JsonTokenType.EndArray:
                    output.Write("]"u8);
                    break;
                case JsonTokenType.String:
                    JsonStrings.Write(reader.ValueSpan, output, quoted: true);
                    break;
                case JsonTokenType.PropertyName:
                    JsonStrings.Write(reader.ValueSpan, output, quoted: true);
                    output.Write(":"u8);
                    break;
                default:
                    output.Write(reader.ValueSpan);
                    break;
            }
            before = token;
            if (reader.CurrentDepth == depth && token is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
                return;
        } while (reader.Read());
    }

    /// <summary>
    /// Whether two valid values are one: their canonical form is the same, in which each UTF-16 unit of a string has
    /// one spelling. Compared are hashes, because values may be large.
    /// </summary>
    public static bool AreEqual(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        return left.SequenceEqual(right) || (left[0] == '"' == (right[0] == '"') && HashOf(left) == HashOf(right));

        static Sha256Value HashOf(ReadOnlySpan<byte> json)
        {
            using var hash = new HashWriter();
            WriteValue(json, hash);
            return hash.Finish();
        }
    }

    /// <summary>
    /// Writes a parsed value. Half surrogate pairs become U+FFFD: a caller that must refuse them has looked before.
    /// </summary>
    public static void WriteValue(JsonElement value, IBufferWriter<byte> output) =>
        WriteValue(JsonMarshal.GetRawUtf8Value(value), output);

    /// <summary>Writes a valid value, given as its text. Half surrogate pairs are treated alike.</summary>
    public static void WriteValue(ReadOnlySpan<byte> json, IBufferWriter<byte> output)
    {
        Utf8JsonReader reader = Reader(json, DeepestValue);
        reader.Read();
        WriteValue(ref reader, output);
    }
}
