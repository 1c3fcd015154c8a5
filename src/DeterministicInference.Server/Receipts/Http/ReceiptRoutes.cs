using System.Text.Json;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Hosting;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.Receipts.Store;
using DeterministicInference.Server.Receipts.Witnesses;

namespace DeterministicInference.Server.Receipts.Http;

/// <summary>
/// <c>GET /v1/receipts/{id}</c>, and <c>/v1/receipts/key</c>. The id is a capability: whoever has it, and the API key
/// that the receipt was issued to, may read salt and statement. The id of the answer is none: engines choose it, and
/// others may guess it.
/// </summary>
/// <param name="store">The store of receipts.</param>
/// <param name="witnesses">Has the log's checkpoints cosigned; null where no policy is set.</param>
/// <param name="visibility">Whether each API key gets its own receipts alone.</param>
internal sealed class ReceiptRoutes(ReceiptStore store, CheckpointWitnesses? witnesses, ReceiptVisibility visibility)
{
    public const string KeyPath = "/v1/receipts/key";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods(
            KeyPath,
            ["GET", "HEAD"],
            context => ApiJson.WriteAsync(context, StatusCodes.Status200OK, WriteKey)
        );
        routes.MapMethods("/v1/receipts/{id}", ["GET", "HEAD"], FindAsync);
    }

    private async Task FindAsync(HttpContext context)
    {
        // The document contains the salt, which opens the receipt; an error is another one for another key.
        context.Response.Headers.CacheControl = "private, no-store";
        ReceiptLookup found = await StoreErrors.ExplainAsync(
            FindAsync(
                (string)context.Request.RouteValues["id"]!,
                RequestFacts.Of(context).ReceiptOwner,
                context.RequestAborted
            )
        );
        if (found.Receipt is not { } receipt)
        {
            throw found.IsPruned
                ? new OpenAIException(
                    StatusCodes.Status410Gone,
                    "invalid_request_error",
                    "The receipt was deleted (--receipt-retention). Its entry in the log stays.",
                    "id",
                    "receipt_pruned"
                )
                : new OpenAIException(
                    StatusCodes.Status404NotFound,
                    "invalid_request_error",
                    "No receipt has this id, or it was issued to another API key. Give the receipt's own id: the "
                        + "answer's header X-Receipt-Id has it.",
                    "id",
                    "receipt_not_found"
                );
        }
        // A newer receipt may not be witnessed yet.
        TlogProof proof = await StoreErrors.ExplainAsync(
            witnesses?.Covering(receipt) is { } cosigned
                ? store.ProveAsync(receipt, cosigned.Text, context.RequestAborted)
                : store.ProveAsync(receipt, context.RequestAborted)
        );
        ReceiptStatement statement = receipt.ReadStatement();
        // Without the document the receipt still proves what it seals.
        EnvironmentLookup environment = await StoreErrors.ExplainAsync(
            store.FindEnvironmentAsync(statement.EnvironmentId, statement.EnvironmentSource, context.RequestAborted)
        );
        await ApiJson.WriteAsync(
            context,
            StatusCodes.Status200OK,
            json => ReceiptDocument.Write(json, receipt, proof, environment.Document)
        );
    }

    private Task<ReceiptLookup> FindAsync(string id, byte[]? owner, CancellationToken cancellation) =>
        visibility == ReceiptVisibility.All
            ? store.FindAsync(id, cancellation)
            : store.FindOwnAsync(id, owner, cancellation);

    private void WriteKey(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("keyid", store.LogKey.Key.KeyId.ToString());
        json.WriteString("pem", store.LogKey.Key.ToPem());
        json.WriteString("vkey", store.LogKey.ToString());
        json.WriteString("origin", store.LogKey.Name);
        json.WriteEndObject();
    }
}
