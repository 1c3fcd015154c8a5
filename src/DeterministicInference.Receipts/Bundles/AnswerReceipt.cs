using System.Text.Json;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Statements;

namespace DeterministicInference.Receipts.Bundles;

/// <summary>Finds the receipt that an answer carries.</summary>
public static class AnswerReceipt
{
    /// <summary>What a line of a stream begins with that carries a receipt; the <c>determinism</c> object follows.</summary>
    public static ReadOnlySpan<byte> LinePrefix => ": dis-receipt "u8;

    private const string Name = "determinism";

    /// <summary>The <c>determinism</c> object, for <see cref="Receipt.FromJson"/>; null if the answer has none.</summary>
    /// <param name="body">After content decoding: one JSON object, or the events of a stream.</param>
    /// <param name="delivery">Which of them.</param>
    /// <exception cref="ReceiptFormatException">The answer has two, or is not JSON.</exception>
    public static byte[]? Find(ReadOnlyMemory<byte> body, AnswerDelivery delivery) =>
        delivery == AnswerDelivery.Json ? OfJson(body) : OfStream(body);

    /// <summary>The member of that name at the top level.</summary>
    private static byte[]? OfJson(ReadOnlyMemory<byte> body)
    {
        ReadOnlySpan<byte> json = CanonicalJson.WithoutMark(body.Span);
        byte[]? found = null;
        try
        {
            Utf8JsonReader reader = CanonicalJson.Reader(json, OutputHasher.MaxDepth);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new ReceiptFormatException("answer", "is not a JSON object");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool matches = reader.ValueTextEquals("determinism"u8);
                reader.Read();
                int start = (int)reader.TokenStartIndex;
                reader.Skip();
                if (matches) Take(ref found, json[start..(int)reader.BytesConsumed]);
            }
            reader.Read();
            return found;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: half of a surrogate pair in a name.
            throw new ReceiptFormatException("answer", "is not JSON");
        }
    }

    /// <summary>The comment before <c>[DONE]</c>.</summary>
    private static byte[]? OfStream(ReadOnlyMemory<byte> body)
    {
        byte[]? found = null;
        var lines = new EventLines(body.Span);
        while (lines.Next(out ReadOnlySpan<byte> line))
        {
            if (line.StartsWith(LinePrefix)) Take(ref found, line[LinePrefix.Length..]);
            if (line.SequenceEqual("data: [DONE]"u8) || line.SequenceEqual("data:[DONE]"u8)) break;
        }
        return found;
    }

    private static void Take(ref byte[]? found, ReadOnlySpan<byte> json)
    {
        if (found is not null) throw new ReceiptFormatException(Name, "is there twice");
        found = json.ToArray();
    }
}
