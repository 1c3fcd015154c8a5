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
    public static void Write(JsonElement value, IBufferWriter<byte> output)
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
        var members = new List<(byte[] Name, JsonElement Value)>();
        foreach (JsonProperty member in value.EnumerateObject())
        {
            var name = new ArrayBufferWriter<byte>();
            JsonStrings.Write(JsonMarshal.GetRawUtf8PropertyName(member), name, quoted: true);
            members.Add((name.WrittenSpan.ToArray(), member.Value));
        }
        output.Write("{"u8);
        bool isFirst = true;
        foreach (
            (byte[] name, JsonElement inner) in members.Order(
                Comparer<(byte[] Name, JsonElement Value)>.Create((a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name))
            )
        )
        {
            if (!isFirst)
                output.Write(","u8);
            isFirst = false;
            output.Write(name);
            output.Write(":"u8);
            Write(inner, output);
        }
        output.Write("}"u8);
    }
}
