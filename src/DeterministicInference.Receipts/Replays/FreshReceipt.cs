using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Servers;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Receipts.Replays;

/// <summary>
/// The receipt of a replay, tested: it shows that the answer was computed anew for this question, or why nothing shows
/// it.
/// </summary>
/// <param name="Statement">What was sealed; null where nothing is shown.</param>
/// <param name="Doubt">Why nothing is shown, in words that continue a sentence; null where it is.</param>
internal sealed record FreshReceipt(ReceiptStatement? Statement, string? Doubt)
{
    /// <summary>The log that has sealed it; null where nothing is shown.</summary>
    public NoteKey? Log { get; init; }

    /// <param name="server">The server that answered.</param>
    /// <param name="recorded">The receipt that is verified: another one is expected.</param>
    /// <param name="question">What was sent.</param>
    /// <param name="answer">What came back.</param>
    /// <param name="output">What was read of it.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <exception cref="NoAnswerException">The server does not give its keys or the receipt.</exception>
    public static async Task<FreshReceipt> OfAsync(
        ReceiptServer server,
        Receipt recorded,
        ReplayQuestion question,
        ServerAnswer answer,
        OutputDigest output,
        CancellationToken cancellation
    )
    {
        try
        {
            if (await FindAsync(server, answer, question.Delivery, cancellation) is not { } receipt)
                return Unknown("the server gave no receipt that shows that it was computed anew");
            if (receipt.ReceiptId == recorded.ReceiptId)
                return Unknown("it came with the receipt that is verified: it was stored, not computed");
            return await TestAsync(server, receipt, question, output, cancellation);
        }
        catch (ReceiptFormatException)
        {
            return Unknown("the receipt that came with it can't be read");
        }
    }

    private static async Task<FreshReceipt> TestAsync(
        ReceiptServer server,
        Receipt receipt,
        ReplayQuestion question,
        OutputDigest output,
        CancellationToken cancellation
    )
    {
        var evidence = new EvidenceReading(receipt)
        {
            RequestBody = question.Body,
            RequestPath = question.Path,
            Output = output,
        };
        string? why = null;
        await foreach (NoteKey key in server.KeysAsync(receipt.Origin, cancellation))
        {
            VerificationResult result = ReceiptExamination.Verify(evidence, key);
            if (result is { Verdict: Verdict.Valid, Statement: { } statement })
                return Tested(statement, key, question);
            why ??= result.Reason;
        }
        return Unknown(
            why is null
                ? "the server tells no key that its receipt could be checked with"
                : $"the receipt that came with it does not show that it was computed for this question: {why}"
        );
    }

    private static FreshReceipt Tested(ReceiptStatement statement, NoteKey key, ReplayQuestion question)
    {
        if (statement.Execution != AnswerExecution.Executed)
            return Unknown($"its receipt says that it was {StatementNames.Of(statement.Execution)}, not computed anew");
        IReadOnlyList<string> changed = question.Changed(statement.Pins);
        return changed.Count == 0
            ? new FreshReceipt(statement, null) { Log = key }
            : Unknown($"the server changed the request ({string.Join(", ", changed)})");
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
        catch (EvidenceException)
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
