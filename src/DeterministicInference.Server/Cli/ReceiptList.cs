using System.Globalization;
using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.Receipts.Store;

namespace DeterministicInference.Server.Cli;

/// <summary>Formats a list of stored receipts.</summary>
internal static class ReceiptList
{
    /// <summary>One line per receipt under a header line.</summary>
    public static string Text(IReadOnlyList<StoredReceipt> receipts)
    {
        var text = new StringBuilder();
        Line(text, "RECEIPT", "ISSUED", "INDEX", "DELIVERY", "COMPLETE", "CLASS", "MODEL", "ANSWER");
        foreach (StoredReceipt receipt in receipts)
        {
            ReceiptStatement statement = receipt.ReadStatement();
            Line(
                text,
                receipt.ReceiptId,
                StatementNames.Of(receipt.IssuedAt),
                receipt.Index.ToString(CultureInfo.InvariantCulture),
                StatementNames.Of(statement.Delivery),
                statement.Complete ? "yes" : "no",
                EnvironmentNames.Of(statement.Class),
                OneLine.Of(statement.ModelName ?? "-"),
                OneLine.Of(receipt.ResponseId ?? "-")
            );
        }
        return text.ToString();
    }

    /// <summary>One JSON object per line.</summary>
    public static string Json(IReadOnlyList<StoredReceipt> receipts)
    {
        var lines = new StringBuilder();
        foreach (StoredReceipt receipt in receipts)
        {
            ReceiptStatement statement = receipt.ReadStatement();
            string line = JsonBytes.WriteText(json =>
            {
                json.WriteStartObject();
                json.WriteString("receipt_id", receipt.ReceiptId);
                json.WriteString("issued_at", StatementNames.Of(receipt.IssuedAt));
                json.WriteString("log", receipt.Origin);
                json.WriteNumber("index", receipt.Index);
                json.WriteString("delivery", StatementNames.Of(statement.Delivery));
                json.WriteBoolean("complete", statement.Complete);
                json.WriteString("class", EnvironmentNames.Of(statement.Class));
                json.WriteString("model", statement.ModelName);
                json.WriteString("response_id", receipt.ResponseId);
                json.WriteString("environment", statement.EnvironmentId.ToString());
                json.WriteEndObject();
            });
            lines.Append(line).Append('\n');
        }
        return lines.ToString();
    }

    private static void Line(
        StringBuilder text,
        string id,
        string issued,
        string index,
        string delivery,
        string complete,
        string promised,
        string model,
        string answer
    ) =>
        text.Append(
            CultureInfo.InvariantCulture,
            $"{id, -32}  {issued, -20}  {index, 8}  {delivery, -8}  {complete, -8}  {promised, -13}  "
                + $"{model, -24}  {answer}\n"
        );
}
