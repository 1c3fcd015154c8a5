using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tokens;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.Receipts.Store;

namespace DeterministicInference.Server.Receipts.Issuing;

/// <summary>Signs receipts and stores them; a receipt is returned only once it is stored.</summary>
/// <param name="store">Stores receipts and holds the key.</param>
/// <param name="options">Settings.</param>
/// <param name="time">The clock.</param>
internal sealed class ReceiptIssuer(ReceiptStore store, ServeOptions options, TimeProvider time)
{
    private readonly bool _isInline = options.Receipts == ReceiptMode.Inline && !options.StableEnvelope,
        _refuses = options.OnReceiptFailure == ReceiptFailureAction.Refuse;

    /// <summary>503: an answer that may not be sent without a receipt can't have one.</summary>
    public static OpenAIException NotStored() =>
        new(
            StatusCodes.Status503ServiceUnavailable,
            "server_error",
            "Receipts can't be stored at present, and this server sends no answer without one (--on-receipt-failure).",
            code: "log_unavailable"
        )
        {
            RetryAfter = OpenAIException.UsualRetryAfter,
        };

    /// <inheritdoc cref="ReceiptBuilder.SealAsync"/>
    public async Task<byte[]?> IssueAsync(
        ReceiptBuilder seal,
        OutputDigest output,
        TokenDigest? tokens,
        TokenDigest? prompt,
        CancellationToken cancellation
    )
    {
        // Signing takes longer than all other steps, so it leaves the thread that serves the sockets.
        NewReceipt issued = await Task.Run(() => Issue(seal, output, tokens, prompt, isComplete: true), cancellation);
        if (await store.AppendAsync(issued, cancellation) is null)
        {
            return _refuses
                ? throw NotStored()
                : Encoding.ASCII.GetBytes($$"""{"receipt_id":"{{seal.ReceiptId}}","error":"log_unavailable"}""");
        }
        if (options.StableEnvelope)
            return null;
        return _isInline
            ? issued.Receipt.ToJson()
            : Encoding.ASCII.GetBytes($$"""{"receipt_id":"{{seal.ReceiptId}}"}""");
    }

    /// <inheritdoc cref="ReceiptBuilder.SealIncompleteAsync"/>
    public async Task IssueIncompleteAsync(
        ReceiptBuilder seal,
        OutputDigest output,
        TokenDigest? tokens,
        TokenDigest? prompt
    )
    {
        NewReceipt issued = await Task.Run(() => Issue(seal, output, tokens, prompt, isComplete: false));
        // No client waits for this receipt: a failure shows in the log and in the store's state.
        await store.AppendAsync(issued, CancellationToken.None);
    }

    private NewReceipt Issue(
        ReceiptBuilder seal,
        OutputDigest output,
        TokenDigest? tokens,
        TokenDigest? prompt,
        bool isComplete
    )
    {
        SealedRequest request = seal.Request;
        InferenceEnvironment environment = request.Environment;
        var statement = new ReceiptStatement
        {
            ReceiptId = seal.ReceiptId,
            IssuedAt = time.GetUtcNow(),
            Complete = isComplete,
            Class = environment.Class,
            RequestPath = request.Path,
            RequestCommitment = Commitment.ToRequest(request.Digest, seal.Salt),
            Pins = request.Pins,
            OutputCommitment = Commitment.ToOutput(output.Digest, seal.Salt),
            Delivery = request.Delivery,
            Tokens = tokens is null ? null : TokenBinding.OfChoices(tokens),
            Prompt = prompt is null ? null : TokenBinding.OfPrompts(prompt),
            LogprobsCommitment = output.Logprobs is { } logprobs ? Commitment.ToLogprobs(logprobs, seal.Salt) : null,
            EnvironmentId = environment.Id,
            EnvironmentSource = environment.Source,
            ModelName = options.ModelName,
            ModelDigest =
                environment.Facts.TryGetValue("model.sha256", out EnvironmentFact? model)
                && Sha256Value.TryParse(model.Value, out Sha256Value digest)
                    ? digest
                    : null,
        };
        // An incomplete receipt has no trail, which would show how far the answer came; only its digest does.
        return NewReceipt.Of(
            Receipt.Issue(statement, seal.Salt, isComplete ? tokens?.Trail : null, store.Key),
            statement,
            options.StableEnvelope ? null : seal.AnswerId
        );
    }
}
