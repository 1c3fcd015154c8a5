using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Tokens;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Receipts.Replays;

/// <summary>
/// The answer to a receipt's request when it was computed again, with everything salted by the receipt's salt.
/// </summary>
/// <param name="Output">Its output. Its log-probabilities are needed where the receipt commits to some.</param>
/// <param name="Delivery">How it was delivered.</param>
internal sealed record Replay(OutputDigest Output, AnswerDelivery Delivery)
{
    /// <summary>Its generated tokens; null if the engine did not report them.</summary>
    public TokenDigest? Tokens { get; init; }

    /// <summary>The prompt's tokens; null likewise.</summary>
    public TokenDigest? Prompt { get; init; }

    /// <summary>The answer itself, to say where it differs; null if only digests are known.</summary>
    public RecordedAnswer? Answer { get; init; }

    /// <summary>The environment that the fresh receipt names; null if it is unknown.</summary>
    public Sha256Value? EnvironmentId { get; init; }

    /// <summary>What that environment promises; null likewise.</summary>
    public DeterminismClass? Class { get; init; }

    /// <summary>
    /// Why the answer shows nothing, whatever it is: nobody has shown that it was computed anew. Null if that was
    /// shown.
    /// </summary>
    public string? Doubt { get; init; }

    /// <summary>The document of that environment, to say what differs; null if it is unknown.</summary>
    public InferenceEnvironment? Environment { get; init; }

    /// <summary>Takes a replay from the answer that was read with the receipt's salt.</summary>
    public static Replay Of(RecordedAnswer answer, AnswerDelivery delivery)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return new Replay(answer.Output, delivery)
        {
            Tokens = answer.Tokens,
            Prompt = answer.Prompt,
            Answer = answer,
        };
    }
}
