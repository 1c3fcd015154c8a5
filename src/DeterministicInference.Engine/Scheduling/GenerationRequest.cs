using DeterministicInference.Engine.Sampling;

namespace DeterministicInference.Engine.Scheduling;

/// <summary>One prompt and what to generate from it.</summary>
internal sealed record GenerationRequest
{
    /// <summary>Token ids; at least one.</summary>
    public required IReadOnlyList<int> Prompt { get; init; }

    /// <summary>Independent continuations.</summary>
    public int Choices { get; init; } = 1;

    /// <summary>
    /// Most tokens per choice; 0 computes the prompt only. Prompt and continuation fit the model's positions.
    /// </summary>
    public required int MaxTokens { get; init; }

    public SamplingParameters Sampling { get; init; } = SamplingParameters.Greedy;

    /// <summary>Texts that end a choice; they are not part of it.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Whether to go on after an end token.</summary>
    public bool IgnoreEndTokens { get; init; }

    /// <summary>Alternatives reported per token; null reports no log probabilities.</summary>
    public int? Logprobs { get; init; }

    /// <summary>Whether the prompt's own log probabilities are reported; needs <see cref="Logprobs"/>.</summary>
    public bool PromptLogprobs { get; init; }

    /// <summary>
    /// Receives the logits after each prompt token, on the scheduler's thread; the values are valid during the call.
    /// </summary>
    public LogitsReader? PromptLogits { get; init; }
}

/// <summary>Reads the logits of one position.</summary>
internal delegate void LogitsReader(ReadOnlySpan<float> logits);
