using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tokens;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Receipts;

/// <summary>Signs receipts, has them stored, and gives them out only then.</summary>
/// <param name="store">Keeps them, and has the key.</param>
/// <param name="options">Settings.</param>
/// <param name="time">The clock.</param>
internal sealed class ReceiptIssuer(ReceiptStore store, InferenceOptions options, TimeProvider time)
{
    private readonly bool _isInline = options.Receipts == "inline" && !options.StableEnvelope, _refuses = options.OnReceiptFailure == "refuse";

    /// <inheritdoc cref="AnswerSeal.SealAsync"/>
    public async Task<byte[]?> IssueAsync(
        AnswerSeal seal, OutputDigest output, TokenDigest? tokens, TokenDigest? prompt, bool isComplete, ReadOnlyMemory<byte>? upstream, CancellationToken cancellation)
    {
        // A signature takes longer than everything else: not on the thread that serves the sockets.
        NewReceipt issued = await Task.Run(() => Issue(seal, output, tokens, prompt, isComplete), cancellation);
        if (await store.AppendAsync(issued, cancellation) is null)
        {
            return _refuses
                ? throw new OpenAIException(StatusCodes.Status503ServiceUnavailable, "server_error",
                    "The answer's receipt can't be written at present, and this server gives no answer without one (--on-receipt-failure).", code: "log_unavailable")
                : Inline($$"""{"receipt_id":"{{seal.ReceiptId}}","error":"log_unavailable"}""", upstream);
        }
        if (options.StableEnvelope) return null;
        return _isInline ? WithUpstream(issued.Receipt.ToJson(), upstream) : Inline($$"""{"receipt_id":"{{seal.ReceiptId}}"}""", upstream);
    }

    /// <inheritdoc cref="AnswerSeal.AbandonAsync"/>
    public async Task IssueIncompleteAsync(AnswerSeal seal, OutputDigest output, TokenDigest? tokens, TokenDigest? prompt)
    {
        NewReceipt issued = await Task.Run(() => Issue(seal, output, tokens, prompt, isComplete: false));
        // Nobody waits for it: a failure is in the log and in the state of the store.
        await store.AppendAsync(issued, CancellationToken.None);
    }

    /// <summary>The <c>determinism</c> object of an answer that can't have a receipt.</summary>
    public byte[]? Without(string reason) => options.StableEnvelope ? null : Encoding.ASCII.GetBytes($$"""{"error":"{{reason}}"}""");

    private NewReceipt Issue(AnswerSeal seal, OutputDigest output, TokenDigest? tokens, TokenDigest? prompt, bool isComplete)
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
            ModelDigest = environment.Facts.TryGetValue("model.sha256", out EnvironmentFact? model) && Sha256Value.TryParse(model.Value, out Sha256Value digest) ? digest : null,
        };
        // An incomplete receipt has no trail: nobody is to tell from it how far the answer came but by its digest.
        return NewReceipt.Of(Receipt.Issue(statement, seal.Salt, isComplete ? tokens?.Trail : null, store.Key), statement, options.StableEnvelope ? null : seal.AnswerId);
    }

    private static byte[] Inline(string json, ReadOnlyMemory<byte>? upstream) => WithUpstream(Encoding.ASCII.GetBytes(json), upstream);

    private static byte[] WithUpstream(byte[] json, ReadOnlyMemory<byte>? upstream) =>
        upstream is { } inner ? JsonSplice.Set(json, "upstream"u8, inner.Span) : json;
}
