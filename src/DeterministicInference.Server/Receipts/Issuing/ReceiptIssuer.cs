using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tokens;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.Receipts.Store;
using DeterministicInference.Server.Receipts.Witnesses;

namespace DeterministicInference.Server.Receipts.Issuing;

/// <summary>Writes receipts, which the store seals; one is returned only once it is stored.</summary>
/// <param name="store">Seals and stores receipts.</param>
/// <param name="environments">The environments in which answers are computed.</param>
/// <param name="witnesses">Has the log's checkpoints cosigned; null where no policy is set.</param>
/// <param name="options">Settings.</param>
/// <param name="time">The clock.</param>
internal sealed class ReceiptIssuer(
    ReceiptStore store,
    EnvironmentRegistry environments,
    CheckpointWitnesses? witnesses,
    ServeOptions options,
    TimeProvider time
)
{
    private readonly bool _isInline = options.Receipts == ReceiptMode.Inline && !options.StableEnvelope,
        _refuses = options.OnReceiptFailure == ReceiptFailureAction.Refuse;

    /// <summary>The time of the receipts.</summary>
    public DateTimeOffset Now => time.GetUtcNow();

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

    /// <summary>503: an answer that may not be sent without a quorum of witnesses can't have one.</summary>
    public static OpenAIException NotWitnessed() =>
        new(
            StatusCodes.Status503ServiceUnavailable,
            "server_error",
            "Witnesses don't cosign the log of receipts at present, and this server sends no answer without a quorum "
                + "of them (--witness-mode, --on-receipt-failure).",
            code: "not_witnessed"
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
        NewReceipt receipt;
        if (
            !await SettleWeightsAsync(seal, cancellation)
            || await store.AppendAsync(receipt = Issue(seal, output, tokens, prompt, isComplete: true), cancellation)
                is not { } proof
        )
        {
            return _refuses ? throw NotStored() : Error(seal, "log_unavailable");
        }
        witnesses?.Announce();
        if (witnesses is { Waits: true })
        {
            if (await witnesses.ProveAsync(proof, receipt.Leaf, cancellation) is not { } witnessed)
                return _refuses ? throw NotWitnessed() : Error(seal, "not_witnessed");
            proof = witnessed;
        }
        if (options.StableEnvelope)
            return null;
        return _isInline
            ? new Receipt(seal.ReceiptId, receipt.Statement, proof.ToString())
            {
                Salts = seal.Salts,
                Trail = tokens?.Trail,
            }.ToJson()
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
        // No client waits for this receipt: a failure shows in the log and in the store's state. It has no trail, which
        // would show how far the answer came; only its digest does.
        if (await SettleWeightsAsync(seal, CancellationToken.None))
            await store.AppendAsync(Issue(seal, output, tokens, prompt, isComplete: false), CancellationToken.None);
        witnesses?.Announce();
    }

    private static byte[] Error(ReceiptBuilder seal, string code) =>
        Encoding.ASCII.GetBytes($$"""{"receipt_id":"{{seal.ReceiptId}}","error":"{{code}}"}""");

    /// <summary>
    /// An answer may name other weights than the engine did when it was last asked: before the next probe, or because
    /// they were exchanged while the answer was computed.
    /// </summary>
    /// <returns>False if the environment that says so can't be stored.</returns>
    private async ValueTask<bool> SettleWeightsAsync(ReceiptBuilder seal, CancellationToken cancellation)
    {
        InferenceEnvironment environment = seal.Request.Environment;
        bool isOther =
            seal.HasSeveralWeights
            || (
                seal.WeightVersion is { } version
                && environment.Facts.TryGetValue(ModelFact.WeightVersion, out EnvironmentFact? reported)
                && reported.Value != version
            );
        return !isOther || await environments.DoubtAsync(environment, cancellation);
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
        InferenceEnvironment environment = environments.AtEnd(request.Environment);
        ReceiptSalts salts = seal.Salts;
        var statement = new ReceiptStatement
        {
            ReceiptId = seal.ReceiptId,
            IssuedAt = Now,
            Complete = isComplete,
            Class = environment.Class,
            RequestPath = request.Path,
            RequestCommitment = Commitment.To(SaltLabel.Request, request.Digest, salts[SaltLabel.Request]!),
            Pins = request.Pins,
            OutputCommitment = Commitment.To(SaltLabel.Output, output.Digest, salts[SaltLabel.Output]!),
            Delivery = request.Delivery,
            Tokens = tokens is null ? null : TokenBinding.OfChoices(tokens),
            Prompt = prompt is null ? null : TokenBinding.OfPrompts(prompt),
            LogprobsCommitment = output.Logprobs is { } logprobs
                ? Commitment.To(SaltLabel.Logprobs, logprobs, salts[SaltLabel.Logprobs]!)
                : null,
            ExtrasCommitment = output.Extras is { } extras
                ? Commitment.To(SaltLabel.Extras, extras, salts[SaltLabel.Extras]!)
                : null,
            AnswerModel = output.Model,
            Usage = output.Usage,
            WeightVersion = seal.WeightVersion,
            EnvironmentId = environment.Id,
            EnvironmentSource = environment.Source,
            ModelName = request.ModelName,
            ModelDigest =
                request.IsMainModel
                && environment.Facts.TryGetValue(ModelFact.Digest, out EnvironmentFact? model)
                && Sha256Value.TryParse(model.Value, out Sha256Value digest)
                    ? digest
                    : null,
        };
        return new NewReceipt(statement, salts.Root!, options.StableEnvelope ? null : seal.AnswerId)
        {
            Owner = request.Owner,
        };
    }
}
