using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tokens;

namespace DeterministicInference.Server.Receipts;

/// <summary>
/// Follows one answer and writes its receipt. It holds hashes, not text: its memory does not grow with the answer but for two bytes
/// per token. One caller at a time.
/// </summary>
internal sealed class AnswerSeal : IDisposable
{
    private readonly ReceiptIssuer _issuer;
    private readonly OutputHasher _output;
    private readonly ReportedTokens _tokens;
    private bool _isBroken;

    public AnswerSeal(ReceiptIssuer issuer, SealedRequest request)
    {
        _issuer = issuer;
        Request = request;
        _output = new OutputHasher(request.WantsLogprobs);
        _tokens = new ReportedTokens(Salt, request.ChoicesPerPrompt);
    }

    public SealedRequest Request { get; }

    public string ReceiptId { get; } = ReceiptStatement.CreateId();

    public Salt Salt { get; } = Salt.Create();

    /// <summary>The answer's own id, once it is known; the receipt can be found by it too.</summary>
    public string? AnswerId { get; set; }

    /// <summary>Whether the receipt was written, or is being.</summary>
    public bool IsSealed { get; private set; }

    /// <summary>The JSON answer, or one event of a stream.</summary>
    public void Append(ReadOnlySpan<byte> json)
    {
        if (_isBroken) return;
        try
        {
            if (Request.Delivery == AnswerDelivery.Json) _output.AppendAnswer(json);
            else _output.AppendEvent(json);
            _tokens.Append(json);
        }
        catch (CanonicalFormException)
        {
            // The answer goes to the client as it is; what it can't have is a receipt.
            _isBroken = true;
        }
    }

    /// <summary>Writes the receipt of an answer that came to its end.</summary>
    /// <param name="upstream">The <c>determinism</c> object of a server behind this one, where there is one.</param>
    /// <param name="cancellation">The client is gone.</param>
    /// <returns>The <c>determinism</c> object for the client, as one line of JSON; null where it gets none with the answer.</returns>
    /// <exception cref="OpenAI.OpenAIException">503: the receipt can't be written, and without one there is to be no answer.</exception>
    public Task<byte[]?> SealAsync(ReadOnlyMemory<byte>? upstream, CancellationToken cancellation)
    {
        IsSealed = true;
        if (_isBroken) return Task.FromResult<byte[]?>(_issuer.Without("no_canonical_form"));
        OutputDigest output = _output.Finish();
        // Such an answer came to its end in good order, and still lacks one: a choice without a reason, or a gap in their numbers.
        if (!output.Finished && Request.Delivery == AnswerDelivery.Json) return Task.FromResult<byte[]?>(_issuer.Without("incomplete_output"));
        return _issuer.IssueAsync(this, output, _tokens.Tokens, _tokens.Prompt, isComplete: output.Finished, upstream, cancellation);
    }

    /// <summary>Writes the receipt of a stream that broke, as far as it was sent. Nobody gets it but who asks for it by its id.</summary>
    public Task AbandonAsync()
    {
        IsSealed = true;
        return _isBroken ? Task.CompletedTask : _issuer.IssueIncompleteAsync(this, _output.Finish(), _tokens.Tokens, _tokens.Prompt);
    }

    public void Dispose() => _output.Dispose();
}
