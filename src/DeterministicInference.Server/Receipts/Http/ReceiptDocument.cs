using System.Text.Json;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.Receipts.Store;

namespace DeterministicInference.Server.Receipts.Http;

/// <summary>
/// A stored receipt as JSON: a <c>determinism</c> object without its trail, under the log's newest checkpoint, with the
/// document of its environment.
/// </summary>
internal static class ReceiptDocument
{
    /// <param name="json">The writer.</param>
    /// <param name="receipt">The receipt.</param>
    /// <param name="proof">The proof of its entry.</param>
    /// <param name="environment">Document of the environment; null if unknown.</param>
    public static void Write(Utf8JsonWriter json, StoredReceipt receipt, TlogProof proof, byte[]? environment)
    {
        json.WriteStartObject();
        json.WriteString("receipt_id", receipt.ReceiptId);
        json.WriteString("statement", receipt.Statement.Span);
        json.WriteString("proof", proof.ToString());
        json.WriteString("salt", receipt.Salt.ToBase64());
        json.WritePropertyName("environment");
        if (environment is null)
            json.WriteNullValue();
        else
            json.WriteRawValue(environment);
        json.WriteEndObject();
    }
}
