using System.Runtime.InteropServices;
using System.Text.Json;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Receipts.Statements;

namespace DeterministicInference.Receipts.Verification;

/// <summary>
/// Finds the receipt in a file: a bundle, a <c>determinism</c> object (also from <c>GET /v1/receipts/ID</c>), a whole
/// JSON answer, or a recorded stream.
/// </summary>
/// <param name="Bundle">The receipt with its context; null if there is only its id.</param>
/// <param name="ReceiptId">The id; null if only the receipt contains it.</param>
/// <param name="Response">The answer, if the file is one.</param>
internal sealed record ReceiptSource(ReceiptBundle? Bundle, string? ReceiptId, RecordedResponse? Response)
{
    /// <summary>The remedy for an answer that broke off, or whose receipt stands in the header alone.</summary>
    private const string Elsewhere =
        "If it came with the header X-Receipt-Id, GET /v1/receipts/ID has the receipt; give the answer " + "beside it.";

    /// <param name="bytes">The file's content.</param>
    /// <param name="name">Name of the file in errors.</param>
    /// <exception cref="EvidenceException">The file is none of these, or has no receipt.</exception>
    /// <exception cref="ReceiptFormatException">The file is one of these, but malformed.</exception>
    public static ReceiptSource Read(ReadOnlyMemory<byte> bytes, string name)
    {
        // Editors of some platforms begin a text with this mark, which is none of it.
        ReadOnlyMemory<byte> text = bytes.Span.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;
        int start = text.Span.IndexOfAnyExcept(" \t\r\n"u8);
        if (start >= 0 && text.Span[start] == '{')
            return ReadJson(text, name);
        // Some clients take it for a part of the first line, and lose the first event.
        if (text.Length != bytes.Length)
            throw new EvidenceException(
                $"{name}: is a stream that begins with a byte order mark, which no server sends. Keep it without."
            );
        byte[] determinism =
            AnswerReceipt.Find(text, AnswerDelivery.Sse)
            ?? throw new EvidenceException(
                $"{name}: is neither JSON nor a recorded stream with a receipt (a line ': dis-receipt …' before "
                    + $"[DONE]). {Elsewhere}"
            );
        return ReadObject(determinism, name, new RecordedResponse(AnswerDelivery.Sse, "text/event-stream", text));
    }

    /// <summary>Reads a <c>determinism</c> object.</summary>
    /// <param name="json">The object.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <param name="response">The answer that contained the object.</param>
    /// <exception cref="EvidenceException">The object has no receipt.</exception>
    /// <exception cref="ReceiptFormatException">The object is malformed.</exception>
    public static ReceiptSource ReadObject(ReadOnlyMemory<byte> json, string name, RecordedResponse? response)
    {
        using JsonDocument document = Parse(json, name);
        if (HasStatement(document, name))
            return new ReceiptSource(OfObject(json) with { Response = response }, null, response);
        string? error = ForeignText.GetStringOrNull(document.RootElement, "error"),
            id = ForeignText.GetStringOrNull(document.RootElement, "receipt_id");
        // Of a receipt that is only not witnessed yet, the id finds the rest.
        if (error is not null and not "not_witnessed")
            throw new EvidenceException($"{name}: no receipt was issued for this answer: {OneLine.Of(error)}.");
        return id is not null
            ? new ReceiptSource(null, id, response)
            : throw new EvidenceException($"{name}: the receipt has no 'receipt_id'.");
    }

    /// <summary>Reads a receipt with the context that the server adds.</summary>
    /// <exception cref="ReceiptFormatException">It is malformed.</exception>
    public static ReceiptBundle OfObject(ReadOnlyMemory<byte> json)
    {
        Receipt receipt = Receipt.FromJson(json);
        using JsonDocument document = JsonDocument.Parse(json);
        bool hasEnvironment =
            document.RootElement.TryGetProperty("environment", out JsonElement environment)
            && environment.ValueKind == JsonValueKind.Object;
        return new ReceiptBundle(receipt)
        {
            Environment = hasEnvironment
                ? EnvironmentDocument.Read(JsonMarshal.GetRawUtf8Value(environment).ToArray())
                : null,
        };
    }

    private static ReceiptSource ReadJson(ReadOnlyMemory<byte> json, string name)
    {
        HashSet<string> names = EvidenceShape.Names(json.Span, name);
        string[] kinds = [.. names.Intersect(["choices", "form", "statement", "receipt"], StringComparer.Ordinal)];
        // Of a file that is two things, its reader shows one of them and the check would compare the other.
        if (kinds.Length > 1 && !(kinds.Length == 2 && kinds.Contains("form") && kinds.Contains("receipt")))
        {
            throw new EvidenceException(
                $"{name}: is two things at once (it has {string.Join(" and ", kinds.Select(kind => $"'{kind}'"))}): an "
                    + "answer has 'choices', a bundle 'form', a receipt 'statement'."
            );
        }
        if (names.Contains("choices"))
        {
            byte[] determinism =
                AnswerReceipt.Find(json, AnswerDelivery.Json)
                ?? throw new EvidenceException(
                    $"{name}: the answer has no receipt (a member 'determinism'). {Elsewhere}"
                );
            return ReadObject(determinism, name, new RecordedResponse(AnswerDelivery.Json, "application/json", json));
        }
        if (names.Contains("form"))
            return new ReceiptSource(ReceiptBundle.FromJson(json), null, null);
        if (names.Contains("receipt_id"))
            return ReadObject(json, name, null);
        throw new EvidenceException($"{name}: is neither a bundle, nor a receipt, nor an answer with one.");
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> json, string name)
    {
        try
        {
            return JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = EvidenceShape.MaxDepth });
        }
        catch (JsonException)
        {
            throw EvidenceShape.NoJson(name);
        }
    }

    private static bool HasStatement(JsonDocument document, string name)
    {
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            return false;
        bool hasStatement = false;
        foreach (JsonProperty member in document.RootElement.EnumerateObject())
        {
            EvidenceShape.RequireName(JsonMarshal.GetRawUtf8PropertyName(member), name);
            hasStatement |= member.NameEquals("statement"u8) || member.NameEquals("receipt"u8);
        }
        return hasStatement;
    }
}
