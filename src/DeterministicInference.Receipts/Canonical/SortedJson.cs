using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Receipts.Canonical;

/// <summary>
/// The canonical form of a JSON value of which neither the order of members nor the spelling of numbers matters:
/// members are sorted by the bytes of their names, of one name in the order in which they came, and numbers are their
/// value (<see cref="DecimalText"/>).
/// </summary>
internal static class SortedJson
{
    /// <summary>More levels than any form allows: what is written was checked before.</summary>
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 1024 };

    /// <summary>Writes a valid value, given as its text.</summary>
    public static void Write(ReadOnlySpan<byte> json, IBufferWriter<byte> output)
    {
        switch (json[0])
        {
            case (byte)'{' or (byte)'[':
                WriteCopy(json, output);
                break;
            case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                DecimalText.Write(json, output);
                break;
            default:
                CanonicalJson.WriteValue(json, output);
                break;
        }
    }

    /// <summary>A document needs memory of its own; of large values one after the other it is the same.</summary>
    private static void WriteCopy(ReadOnlySpan<byte> json, IBufferWriter<byte> output)
    {
        byte[] copy = ArrayPool<byte>.Shared.Rent(json.Length);
        json.CopyTo(copy);
        using (JsonDocument document = JsonDocument.Parse(copy.AsMemory(0, json.Length), Options))
            Write(document.RootElement, output);
        ArrayPool<byte>.Shared.Return(copy);
    }

    private static void Write(JsonElement value, IBufferWriter<byte> output)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(value, output);
                break;
            case JsonValueKind.Array:
                output.Write("["u8);
                bool isFirst = true;
                foreach (JsonElement item in value.EnumerateArray())
                {
                    if (!isFirst)
                        output.Write(","u8);
                    isFirst = false;
                    Write(item, output);
                }
                output.Write("]"u8);
                break;
            case JsonValueKind.Number:
                DecimalText.Write(JsonMarshal.GetRawUtf8Value(value), output);
                break;
            default:
                CanonicalJson.WriteValue(value, output);
                break;
        }
    }

    private static void WriteObject(JsonElement value, IBufferWriter<byte> output)
    {
        var members = new List<Member>();
        ArrayBufferWriter<byte>? text = null;
        foreach (JsonProperty member in value.EnumerateObject())
            members.Add(
                new Member(members.Count, Spelled(JsonMarshal.GetRawUtf8PropertyName(member), ref text), member)
            );
        members.Sort(
            static (a, b) => Compare(a.Name, b.Name) is not 0 and var order ? order : a.Number.CompareTo(b.Number)
        );
        output.Write("{"u8);
        bool isFirst = true;
        foreach (Member member in members)
        {
            output.Write(isFirst ? "\""u8 : ",\""u8);
            isFirst = false;
            output.Write(member.Name);
            output.Write("\":"u8);
            Write(member.Property.Value, output);
        }
        output.Write("}"u8);
    }

    /// <summary>The inside of a canonical string; null for one that was received as it is.</summary>
    private static byte[]? Spelled(ReadOnlySpan<byte> escaped, ref ArrayBufferWriter<byte>? text)
    {
        if (!escaped.Contains((byte)'\\'))
            return null;
        text ??= new ArrayBufferWriter<byte>();
        text.ResetWrittenCount();
        JsonStrings.Write(escaped, text, quoted: true);
        return text.WrittenSpan[1..^1].ToArray();
    }

    /// <summary>The order of the bytes with the quote that ends a name: some characters come before it.</summary>
    private static int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        int same = left.CommonPrefixLength(right);
        return At(left, same) - At(right, same);

        static int At(ReadOnlySpan<byte> name, int place) => place < name.Length ? name[place] : '"';
    }

    /// <summary>A member of an object.</summary>
    /// <param name="Number">Which one it is.</param>
    /// <param name="Spelling">See <see cref="Spelled"/>.</param>
    /// <param name="Property">As it was received.</param>
    private readonly record struct Member(int Number, byte[]? Spelling, JsonProperty Property)
    {
        /// <summary>The inside of its canonical string.</summary>
        public ReadOnlySpan<byte> Name => Spelling ?? JsonMarshal.GetRawUtf8PropertyName(Property);
    }
}
