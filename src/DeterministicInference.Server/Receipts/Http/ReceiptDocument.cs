using System.Text.Json;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.Receipts.Store;

namespace DeterministicInference.Server.Receipts.Http;

/// <summary>
/// Writes a stored receipt as JSON: the <c>determinism</c> object without its trail, with its index in the log, the
/// proof of inclusion, and the document of its environment.
/// </summary>
internal static class ReceiptDocument
{
    /// <param name="json">The writer.</param>
    /// <param name="receipt">The receipt.</param>
    /// <param name="proof">Proof of inclusion; null if no checkpoint covers the entry yet.</param>
    /// <param name="environment">Document of the environment; null if unknown.</param>
    /// <param name="opens">Whether it has the salt, with which guesses of request and output can be tested.</param>
    public static void Write(
        Utf8JsonWriter json,
        StoredReceipt receipt,
        TlogProof? proof,
        byte[]? environment,
        bool opens
    )
    {
        json.WriteStartObject();
        json.WriteString("receipt_id", receipt.ReceiptId);
        json.WritePropertyName("receipt");
        json.WriteRawValue(receipt.Envelope.ToJson());
        if (opens)
            json.WriteString("salt", receipt.Salt.ToBase64());
        json.WriteNumber("index", receipt.Index);
        json.WriteString("proof", proof?.ToString());
        json.WritePropertyName("environment");
        if (environment is null)
            json.WriteNullValue();
        else
            json.WriteRawValue(environment);
        json.WriteEndObject();
    }
}
