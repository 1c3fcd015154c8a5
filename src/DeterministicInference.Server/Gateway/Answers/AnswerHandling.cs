using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Server.Gateway.Forwarding;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.Receipts.Issuing;

namespace DeterministicInference.Server.Gateway.Answers;

/// <summary>
/// Processes one answer on its way to the client: <see cref="AnswerReader"/> reads it once; its parts go to the
/// rewriter, the receipt and the check for completeness.
/// </summary>
/// <param name="delivery">The delivery that the client requested.</param>
/// <param name="rewriter">Collects the changes to the answer.</param>
/// <param name="receipt">Builds the answer's receipt; null where receipts are off.</param>
internal sealed class AnswerHandling(AnswerDelivery delivery, AnswerRewriter rewriter, ReceiptBuilder? receipt)
    : IDisposable
{
    private readonly AnswerReader _reader = new(delivery, receipt is not null || rewriter.ReadsLogprobs, repairs: true);

    /// <summary>Reads rewritten events: the reader of the engine's must not see one twice.</summary>
    private AnswerReader? _rewritten;

    private readonly AnswerCompleteness _completeness = receipt?.Completeness ?? new AnswerCompleteness();

    public AnswerRewriter Rewriter => rewriter;

    public ReceiptBuilder? Receipt => receipt;

    /// <summary>
    /// The tokens of the answer so far, as the engine counts them; else, as in streams without <c>include_usage</c>,
    /// the ids that it has sent.
    /// </summary>
    public TokenUsage Usage =>
        new(rewriter.Usage.Prompt ?? receipt?.PromptTokens, rewriter.Usage.Completion ?? receipt?.CompletionTokens);

    /// <summary>Processes the JSON answer, or the next event of a stream.</summary>
    /// <returns>Whether the client gets anything of it.</returns>
    /// <exception cref="OpenAIException">
    /// The answer is an error, or malformed. Where a receipt is issued, an answer without a canonical form counts as
    /// malformed: it would not be defined what was signed.
    /// </exception>
    public bool Observe(ReadOnlyMemory<byte> json)
    {
        try
        {
            AnswerReading answer = _reader.Read(json.Span);
            if (HasError(answer))
                throw EngineErrorTranslation.ReadEvent(json, rewriter.Route);
            if (receipt is not null)
                answer.RequireCanonical();
            rewriter.Read(answer);
            // The receipt binds the output as the client gets it, and the engine's token ids, also those that the
            // client does not get.
            AnswerReading output = rewriter.ChangesOutput
                ? (_rewritten ??= new AnswerReader(delivery, receipt is not null)).Read(
                    JsonSplice.Apply(json.Span, rewriter.Edits)
                )
                : answer;
            if (receipt is null)
                _completeness.Append(output);
            else
                receipt.Append(output, answer, rewriter.AnswerId);
            return answer.IsObject && !rewriter.IsEmpty;
        }
        catch (CanonicalFormException e)
        {
            throw Unreadable(e);
        }
    }

    /// <summary>
    /// Requires that the answer is complete. Without receipts the indices of choices are not checked.
    /// </summary>
    /// <exception cref="OpenAIException">The answer is incomplete.</exception>
    public void RequireComplete()
    {
        bool isComplete = receipt is null
            ? delivery == AnswerDelivery.Json || _completeness.HasEnded
            : _completeness.Missing is null;
        if (isComplete)
            return;
        throw GatewayErrors.BadAnswer(
            delivery == AnswerDelivery.Json
                ? $"its answer is not complete: {_completeness.Missing}."
                : $"its stream ended before the answer was complete: {_completeness.Missing}."
        );
    }

    /// <inheritdoc cref="ReceiptBuilder.SealAsync"/>
    public Task<byte[]?> SealAsync(CancellationToken cancellation) =>
        receipt is null ? Task.FromResult<byte[]?>(null) : receipt.SealAsync(cancellation);

    /// <summary>Issues the receipt of an answer that broke off, unless it was sealed before.</summary>
    public Task SealIncompleteAsync() =>
        receipt is { IsSealed: false } ? receipt.SealIncompleteAsync() : Task.CompletedTask;

    public void Dispose() => receipt?.Dispose();

    private static bool HasError(scoped in AnswerReading answer)
    {
        foreach (ref readonly AnswerPart part in answer.Parts)
        {
            if (part.Kind == AnswerPartKind.Error)
                return true;
        }
        return false;
    }

    private OpenAIException Unreadable(CanonicalFormException e)
    {
        string what = delivery == AnswerDelivery.Json ? "its answer" : "its stream has an event that";
        return GatewayErrors.BadAnswer(
            e.Error
                is CanonicalFormError.InvalidUtf8
                    or CanonicalFormError.InvalidJson
                    or CanonicalFormError.NotAnObject
                ? $"{what} is not a JSON object."
                : $"{what} is ambiguous: {e.Message}"
        );
    }
}
