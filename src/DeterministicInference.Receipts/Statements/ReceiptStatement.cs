using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Tokens;

namespace DeterministicInference.Receipts.Statements;

/// <summary>
/// What the operator states about one answer: this request, with these changes, gave this output in this environment.
/// It has commitments, no text.
/// </summary>
internal sealed record ReceiptStatement
{
    /// <summary>The in-toto statement type.</summary>
    public const string Type = "https://in-toto.io/Statement/v1";

    /// <summary>Kind and version of the predicate.</summary>
    public const string PredicateType = "urn:deterministic-inference-server:receipt:v3";

    /// <summary>See <see cref="ReceiptSalts.CreateId"/>: 32 lower-case hexadecimal digits.</summary>
    public required string ReceiptId { get; init; }

    /// <summary>The operator's clock, to the second.</summary>
    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary>The answer came to its end and was handed to the connection.</summary>
    public required bool Complete { get; init; }

    /// <summary>What the environment promises.</summary>
    public required DeterminismClass Class { get; init; }

    /// <summary>How the answer came about.</summary>
    public AnswerExecution Execution { get; init; }

    /// <summary>The receipt of the answer that this one repeats; null if it was executed.</summary>
    public string? Origin { get; init; }

    /// <summary>One of <see cref="CanonicalRequest.Paths"/>.</summary>
    public required string RequestPath { get; init; }

    /// <summary>See <see cref="Commitment.To"/>; of the request as the client sent it.</summary>
    public required Sha256Value RequestCommitment { get; init; }

    /// <summary>What the server set in the request before the engine got it.</summary>
    public RequestPins Pins { get; init; } = RequestPins.None;

    /// <summary>See <see cref="Commitment.To"/>.</summary>
    public required Sha256Value OutputCommitment { get; init; }

    /// <summary>How the answer was delivered.</summary>
    public required AnswerDelivery Delivery { get; init; }

    /// <summary>The generated tokens; null if the engine did not report them all.</summary>
    public TokenBinding? Tokens { get; init; }

    /// <summary>The prompt's tokens, without a trail; null likewise.</summary>
    public TokenBinding? Prompt { get; init; }

    /// <summary>
    /// See <see cref="Commitment.To"/>; null if the answer has none and the client did not ask for them.
    /// </summary>
    public Sha256Value? LogprobsCommitment { get; init; }

    /// <summary>
    /// See <see cref="OutputDigest.Extras"/> and <see cref="Commitment.To"/>; null if there are none.
    /// </summary>
    public Sha256Value? ExtrasCommitment { get; init; }

    /// <summary>The model that the answer names; null for none.</summary>
    public string? AnswerModel { get; init; }

    /// <summary>The tokens that the answer says it has; null where it says nothing.</summary>
    public AnswerUsage? Usage { get; init; }

    /// <summary>The version of the weights that the engine named in the answer; null if it named none.</summary>
    public string? WeightVersion { get; init; }

    /// <summary>See <see cref="InferenceEnvironment.Id"/>.</summary>
    public required Sha256Value EnvironmentId { get; init; }

    /// <summary>The weakest source of any of the environment's facts.</summary>
    public required FactSource EnvironmentSource { get; init; }

    /// <summary>The engine's name of the model that answered; null if the engine lists none.</summary>
    public required string? ModelName { get; init; }

    /// <summary>The digest of its files; null if they were not measured, and of an adapter.</summary>
    public Sha256Value? ModelDigest { get; init; }

    /// <summary>The last measurement of the environment's repeatability; null if there is none.</summary>
    public ProbeRecord? Probe { get; init; }
}

/// <summary>Token ids as a statement binds them.</summary>
/// <param name="Digest">See <see cref="TokenDigest.Digest"/>.</param>
/// <param name="Counts">Tokens of each choice or prompt.</param>
/// <param name="TrailDigest">The hash of the trail; null for prompts, which have none.</param>
internal sealed record TokenBinding(Sha256Value Digest, IReadOnlyList<int> Counts, Sha256Value? TrailDigest)
{
    /// <summary>Binds generated tokens.</summary>
    public static TokenBinding OfChoices(TokenDigest tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        return new TokenBinding(tokens.Digest, tokens.Counts, tokens.TrailDigest);
    }

    /// <summary>Binds prompt tokens.</summary>
    public static TokenBinding OfPrompts(TokenDigest tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        return new TokenBinding(tokens.Digest, tokens.Counts, null);
    }
}

/// <summary>How an answer came about, as the operator says.</summary>
internal enum AnswerExecution
{
    /// <summary>The engine computed it for this request.</summary>
    Executed,

    /// <summary>It is the stored answer to an equal request.</summary>
    Memo,

    /// <summary>It is the answer to an equal request that was running.</summary>
    Coalesced,
}

/// <summary>A measurement of an environment's repeatability.</summary>
/// <param name="Verdict">Its result in a word.</param>
/// <param name="Trials">How many answers were compared.</param>
/// <param name="At">When it ended, to the second.</param>
internal sealed record ProbeRecord(string Verdict, long Trials, DateTimeOffset At);
