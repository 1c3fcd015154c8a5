using DeterministicInference.Engine.Sampling;

namespace DeterministicInference.Engine.Scheduling;

/// <summary>Why a choice ended.</summary>
internal enum FinishReason
{
    /// <summary>An end token or a stop text.</summary>
    Stop,

    /// <summary>The token limit.</summary>
    Length,
}

/// <summary>What a running request reports, in the order of generation within each choice.</summary>
internal abstract record GenerationEvent;

/// <summary>
/// Log probabilities of the prompt's tokens, the first of which has none. Reported once, before any token.
/// </summary>
internal sealed record PromptScored(IReadOnlyList<PositionLogprobs> Logprobs) : GenerationEvent;

/// <summary>One token of one choice.</summary>
/// <param name="Choice">0 … n − 1.</param>
/// <param name="Token">Its id, or null where the choice ends without one (MaxTokens 0).</param>
/// <param name="Text">
/// What it makes final of the text; empty while bytes of a character, or a possible stop text, are incomplete.
/// </param>
/// <param name="Logprobs">Its log probabilities, if asked for.</param>
/// <param name="Finish">Set on the last token of the choice.</param>
internal sealed record TokenGenerated(
    int Choice,
    int? Token,
    string Text,
    PositionLogprobs? Logprobs,
    FinishReason? Finish
) : GenerationEvent;
