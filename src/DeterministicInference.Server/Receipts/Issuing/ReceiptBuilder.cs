using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Tokens;

namespace DeterministicInference.Server.Receipts.Issuing;

/// <summary>
/// Builds the receipt of one answer while it is relayed. It holds hashes, not text: its memory grows by two bytes per
/// token only. Not thread-safe.
/// </summary>
internal sealed class ReceiptBuilder : IDisposable
{
    private readonly ReceiptIssuer _issuer;
    private readonly OutputHasher _output;
    private readonly ReportedTokens _tokens;
    private bool _isBroken;

    public ReceiptBuilder(ReceiptIssuer issuer, SealedRequest request)
    {
        _issuer = issuer;
        Request = request;
        _output = new OutputHasher(request.WantsLogprobs);
        Salts = ReceiptSalts.Of(Salt.Create());
        ReceiptId = Salts.CreateId(issuer.Now);
        _tokens = new ReportedTokens(Salts, request.ChoicesPerPrompt);
    }

    public SealedRequest Request { get; }

    public string ReceiptId { get; }

    public ReceiptSalts Salts { get; }

    /// <summary>The answer's own id, if known.</summary>
    public string? AnswerId { get; private set; }

    /// <summary>The version of the weights that the answer names, the last one of several; null for none.</summary>
    public string? WeightVersion { get; private set; }

    /// <summary>Whether weights were exchanged while the answer was computed.</summary>
    public bool HasSeveralWeights { get; private set; }

    /// <summary>The tokens of the prompts by their ids; null where the engine does not send all of them.</summary>
    public long? PromptTokens => _tokens.Prompt?.Counts.Sum(count => (long)count);

    /// <summary>The generated tokens likewise.</summary>
    public long? CompletionTokens => _tokens.Tokens?.Counts.Sum(count => (long)count);

    /// <summary>Whether the receipt has been issued, or is being issued.</summary>
    public bool IsSealed { get; private set; }

    /// <summary>Whether the answer is complete.</summary>
    public AnswerCompleteness Completeness => _output.Completeness;

    /// <summary>Appends the JSON answer, or the next event of a stream.</summary>
    /// <param name="output">As the client gets it.</param>
    /// <param name="answer">As the engine sent it, with a canonical form.</param>
    /// <param name="answerId">The answer's own id, if known; the receipt can be found by it too.</param>
    /// <exception cref="CanonicalFormException">The answer is too large to bind.</exception>
    public void Append(scoped in AnswerReading output, scoped in AnswerReading answer, string? answerId)
    {
        AnswerId ??= answerId;
        _isBroken = true;
        _output.Append(output);
        _tokens.Append(answer);
        foreach (string version in Issuing.WeightVersion.In(answer))
        {
            WeightVersion ??= version;
            HasSeveralWeights |= version != WeightVersion;
        }
        _isBroken = false;
    }

    /// <summary>Issues the receipt of a complete answer.</summary>
    /// <param name="cancellation">Cancelled when the client disconnects.</param>
    /// <returns>
    /// The <c>determinism</c> object for the client, as one line of JSON; null where the answer carries none.
    /// </returns>
    /// <exception cref="OpenAI.OpenAIException">
    /// 503: the receipt can't be written, and <c>--on-receipt-failure refuse</c> is set.
    /// </exception>
    public Task<byte[]?> SealAsync(CancellationToken cancellation)
    {
        IsSealed = true;
        return _issuer.IssueAsync(this, _output.Finish(), _tokens.Tokens, _tokens.Prompt, cancellation);
    }

    /// <summary>
    /// Issues the receipt of a broken stream for the part that was sent. It is available by its id only.
    /// </summary>
    public Task SealIncompleteAsync()
    {
        IsSealed = true;
        return _isBroken
            ? Task.CompletedTask
            : _issuer.IssueIncompleteAsync(this, _output.Finish(), _tokens.Tokens, _tokens.Prompt);
    }

    public void Dispose() => _output.Dispose();
}
