using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Receipts;

/// <summary>A list of stored receipts, for people and for programs.</summary>
internal static class ReceiptList
{
    /// <summary>A line per receipt under a line of titles.</summary>
    public static string Text(IReadOnlyList<StoredReceipt> receipts)
    {
        var text = new StringBuilder();
        Line(text, "RECEIPT", "ISSUED", "INDEX", "DELIVERY", "COMPLETE", "CLASS", "ANSWER");
        foreach (StoredReceipt receipt in receipts)
        {
            ReceiptStatement statement = StatementReader.Read(receipt.Envelope.Payload);
            Line(text, receipt.ReceiptId, StatementNames.Of(receipt.IssuedAt), receipt.Index.ToString(CultureInfo.InvariantCulture), StatementNames.Of(statement.Delivery),
                statement.Complete ? "yes" : "no", StatementNames.Of(statement.Class), Configuration.OneLine.Of(receipt.ResponseId ?? "-"));
        }
        return text.ToString();
    }

    /// <summary>A JSON object per line.</summary>
    public static string Json(IReadOnlyList<StoredReceipt> receipts)
    {
        var buffer = new ArrayBufferWriter<byte>();
        foreach (StoredReceipt receipt in receipts)
        {
            ReceiptStatement statement = StatementReader.Read(receipt.Envelope.Payload);
            using (var json = new Utf8JsonWriter(buffer, ApiJson.WriterOptions))
            {
                json.WriteStartObject();
                json.WriteString("receipt_id", receipt.ReceiptId);
                json.WriteString("issued_at", StatementNames.Of(receipt.IssuedAt));
                json.WriteNumber("index", receipt.Index);
                json.WriteString("delivery", StatementNames.Of(statement.Delivery));
                json.WriteBoolean("complete", statement.Complete);
                json.WriteString("class", StatementNames.Of(statement.Class));
                json.WriteString("response_id", receipt.ResponseId);
                json.WriteString("environment", receipt.EnvironmentId.ToString());
                json.WriteEndObject();
            }
            buffer.Write("\n"u8);
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Line(StringBuilder text, string id, string issued, string index, string delivery, string complete, string promised, string answer) =>
        text.Append(CultureInfo.InvariantCulture, $"{id,-32}  {issued,-20}  {index,8}  {delivery,-8}  {complete,-8}  {promised,-13}  {answer}\n");
}
