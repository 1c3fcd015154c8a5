using System.Text.Json;
using DeterministicInference.Receipts.Log;

namespace DeterministicInference.Server.Receipts;

/// <summary>
/// A stored receipt as JSON: the <c>determinism</c> object without its trail, with its place in the log, the proof of it, and the document of its
/// environment. It has what opens the receipt.
/// </summary>
internal static class ReceiptDocument
{
    /// <param name="json">Writer.</param>
    /// <param name="receipt">The receipt.</param>
    /// <param name="proof">Null if the log does not cover it yet.</param>
    /// <param name="environment">Null if it is not known.</param>
    public static void Write(Utf8JsonWriter json, StoredReceipt receipt, TlogProof? proof, byte[]? environment)
    {
        json.WriteStartObject();
        json.WriteString("receipt_id", receipt.ReceiptId);
        json.WritePropertyName("receipt");
        json.WriteRawValue(receipt.Envelope.ToJson());
        json.WriteString("salt", receipt.Salt.ToBase64());
        json.WriteNumber("index", receipt.Index);
        json.WriteString("proof", proof?.ToString());
        json.WritePropertyName("environment");
        if (environment is null) json.WriteNullValue();
        else json.WriteRawValue(environment);
        json.WriteEndObject();
    }
}
