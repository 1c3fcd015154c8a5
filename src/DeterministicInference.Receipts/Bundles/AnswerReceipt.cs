using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Statements;

namespace DeterministicInference.Receipts.Bundles;

/// <summary>Finds the receipt that an answer carries.</summary>
internal static class AnswerReceipt
{
    /// <summary>
    /// What a line of a stream begins with that carries a receipt; the <c>determinism</c> object follows.
    /// </summary>
    public static ReadOnlySpan<byte> LinePrefix => ": dis-receipt "u8;

    private const string Name = "determinism";

    /// <summary>
    /// The <c>determinism</c> object, for <see cref="Receipt.FromJson"/>; null if the answer has none.
    /// </summary>
    /// <param name="body">After content decoding: one JSON object, or the events of a stream.</param>
    /// <param name="delivery">Which of them.</param>
    /// <exception cref="ReceiptFormatException">The answer has two, or is not JSON.</exception>
    public static byte[]? Find(ReadOnlyMemory<byte> body, AnswerDelivery delivery) =>
        delivery == AnswerDelivery.Json ? OfJson(body) : OfStream(body);

    /// <summary>The member of that name at the top level.</summary>
    private static byte[]? OfJson(ReadOnlyMemory<byte> body)
    {
        byte[]? found = null;
        try
        {
            AnswerReading answer = new AnswerReader(AnswerDelivery.Json).Read(CanonicalJson.WithoutMark(body.Span));
            foreach (ref readonly AnswerPart part in answer.Parts)
            {
                if (IsReceipt(answer, part))
                    Take(ref found, answer.Json[part.Value]);
            }
            return found;
        }
        catch (CanonicalFormException e)
        {
            throw new ReceiptFormatException(
                "answer",
                e.Error == CanonicalFormError.NotAnObject ? "is not a JSON object" : "is not JSON"
            );
        }
    }

    /// <summary>The object of a JSON answer that was read and has a canonical form; null if it has none.</summary>
    public static byte[]? In(scoped in AnswerReading answer)
    {
        foreach (ref readonly AnswerPart part in answer.Parts)
        {
            if (IsReceipt(answer, part))
                return answer.Json[part.Value].ToArray();
        }
        return null;
    }

    private static bool IsReceipt(scoped in AnswerReading answer, in AnswerPart part) =>
        part.Kind == AnswerPartKind.Determinism && !answer.IsNull(part);

    /// <summary>The comment before <c>[DONE]</c>.</summary>
    private static byte[]? OfStream(ReadOnlyMemory<byte> body)
    {
        byte[]? found = null;
        var lines = new EventLines(CanonicalJson.WithoutMark(body.Span));
        while (lines.Next(out ReadOnlySpan<byte> line))
        {
            if (line.StartsWith(LinePrefix))
                Take(ref found, line[LinePrefix.Length..]);
            if (line.StartsWith("data: [DONE]"u8) || line.StartsWith("data:[DONE]"u8))
                break;
        }
        return found;
    }

    private static void Take(ref byte[]? found, ReadOnlySpan<byte> json)
    {
        if (found is not null)
            throw new ReceiptFormatException(Name, "is there twice");
        found = json.ToArray();
    }
}
