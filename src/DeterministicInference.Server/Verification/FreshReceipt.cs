using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Server.Verification;

/// <summary>The environment of a replay according to its receipt.</summary>
/// <param name="EnvironmentId">The environment; null if unknown.</param>
/// <param name="Note">Why the environment is unknown; null if it is known.</param>
internal sealed record FreshReceipt(Sha256Value? EnvironmentId, string? Note)
{
    /// <summary>What the environment promises; null if it is unknown.</summary>
    public EnvironmentPromise? Promise { get; init; }

    /// <summary>
    /// Only a receipt of this answer to this request counts. Its key is not checked, as the verifier has chosen the
    /// server.
    /// </summary>
    public static async Task<FreshReceipt> OfAsync(
        ReceiptServer server,
        ServerAnswer answer,
        AnswerDelivery delivery,
        string path,
        byte[] sent,
        OutputDigest output,
        CancellationToken cancellation
    )
    {
        try
        {
            if (await FindAsync(server, answer, delivery, cancellation) is not { } receipt)
                return Unknown("the server gave no receipt with its answer");
            VerificationResult result = ReceiptVerifier.VerifyUnpinned(
                new ReceiptEvidence(receipt) { RequestBody = sent, Output = output },
                null
            );
            if (
                result.Statement is not { } statement
                || result.Verdict == Verdict.Tampered
                || statement.RequestPath != path
            )
                return Unknown("the server's receipt is not one of its answer");
            IReadOnlyList<string> changed = ReplayRequest.Changed(sent, statement.Pins);
            return changed.Count == 0
                ? new FreshReceipt(statement.EnvironmentId, null)
                {
                    Promise = new EnvironmentPromise(statement.Class, statement.EnvironmentSource),
                }
                : Unknown($"the server changed the request ({string.Join(", ", changed)})");
        }
        catch (ReceiptFormatException)
        {
            return Unknown("the server's receipt can't be read");
        }
    }

    private static async Task<Receipt?> FindAsync(
        ReceiptServer server,
        ServerAnswer answer,
        AnswerDelivery delivery,
        CancellationToken cancellation
    )
    {
        ReceiptSource? inAnswer = null;
        try
        {
            if (AnswerReceipt.Find(answer.Body, delivery) is { } json)
                inAnswer = ReceiptSource.ReadObject(json, "answer", null);
        }
        catch (InputException)
        {
            // The answer contains no receipt.
        }
        if (inAnswer?.Bundle is { } found)
            return found.Receipt;
        string? id = inAnswer?.ReceiptId ?? answer.ReceiptId;
        return id is null ? null : (await server.ReceiptAsync(id, cancellation))?.Receipt;
    }

    private static FreshReceipt Unknown(string why) => new(null, why);
}

/// <summary>What a receipt says of its environment.</summary>
/// <param name="Class">Whether it is deterministic.</param>
/// <param name="Source">The weakest source of its facts.</param>
internal sealed record EnvironmentPromise(DeterminismClass Class, FactSource Source)
{
    public override string ToString() => $"{EnvironmentNames.Of(Class)}, {EnvironmentNames.Of(Source)}";
}
