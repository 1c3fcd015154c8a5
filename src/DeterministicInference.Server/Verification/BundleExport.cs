using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Servers;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Trust;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Server.Verification;

/// <summary>
/// Creates a bundle from a client's copy of a request and its answer, and the server's data about the receipt.
/// </summary>
/// <param name="server">The server; null to query none.</param>
internal sealed class BundleExport(ReceiptServer? server)
{
    /// <param name="answer">File with the receipt: a JSON answer, a recorded stream, or a receipt alone.</param>
    /// <param name="answerName">Name of the answer in errors.</param>
    /// <param name="request">The client's request body; null to leave it out.</param>
    /// <param name="isShared">Whether the bundle is for who may see the answer, but not the request.</param>
    /// <param name="cancellation">Cancels the export.</param>
    /// <exception cref="InputException">There is no receipt, or its parts don't belong together.</exception>
    /// <exception cref="ReceiptFormatException">The receipt is malformed.</exception>
    /// <exception cref="NoAnswerException">The server gave no answer.</exception>
    public async Task<ReceiptBundle> MakeAsync(
        byte[] answer,
        string answerName,
        byte[]? request,
        bool isShared,
        CancellationToken cancellation
    )
    {
        ReceiptSource source = ReceiptSource.Read(answer, answerName);
        Receipt? receipt = source.Bundle?.Receipt;
        string id = receipt?.ReceiptId ?? source.ReceiptId!;
        ReceiptBundle? kept =
            server is null || source.Bundle?.Environment is not null
                ? null
                : await server.ReceiptAsync(id, cancellation);
        receipt ??=
            kept?.Receipt
            ?? throw new InputException(
                $"{answerName}: has only the receipt's id, and "
                    + (server is null ? "no server was named with --url." : "the server does not have the receipt.")
            );

        ReceiptStatement statement = StatementReader.Read(receipt.Statement);
        var bundle = new ReceiptBundle(receipt)
        {
            Request = request is null ? source.Bundle?.Request : new RecordedRequest(statement.RequestPath, request),
            Response = source.Response ?? source.Bundle?.Response,
            Environment =
                source.Bundle?.Environment
                ?? kept?.Environment
                ?? (server is null ? null : await server.EnvironmentAsync(statement.EnvironmentId, cancellation)),
            LogKey = source.Bundle?.LogKey,
        };
        if (server is not null)
        {
            await foreach (NoteKey key in server.KeysAsync(receipt.Origin, cancellation))
            {
                // One that does not fit is not the log's: the bundle keeps its own, or has none.
                ReceiptBundle with = bundle with
                {
                    LogKey = $"{key}",
                };
                if (Check(with).Verdict == Verdict.Tampered)
                    continue;
                bundle = with;
                break;
            }
        }
        Require(bundle, answerName);
        if (!isShared)
            return bundle;
        ReceiptBundle shared = bundle.WithoutRequest();
        Require(shared, answerName);
        return shared;
    }

    private static VerificationResult Check(ReceiptBundle bundle) =>
        EvidenceReader.Read(bundle).Check(TrustedKey.Read(bundle.LogKey)?.Key, log: null, isPinned: false);

    private static void Require(ReceiptBundle bundle, string answerName)
    {
        VerificationResult report = Check(bundle);
        if (report.Verdict == Verdict.Tampered)
        {
            throw new InputException(
                $"{answerName}: its parts don't belong together: {report.Reason}. Give the answer and its own "
                    + "request, and with --url the server that issued the receipt."
            );
        }
    }
}
