using DeterministicInference.Server.Hosting;

namespace DeterministicInference.Server.Gateway.Answers;

/// <summary>Token counts that an engine reports for an answer; null where it does not.</summary>
internal readonly record struct TokenUsage(long? Prompt, long? Completion)
{
    /// <summary>Stores the counts for the access log.</summary>
    public void Log(RequestFacts facts)
    {
        if (Prompt is { } prompt)
            facts.PromptTokens = prompt;
        if (Completion is { } completion)
            facts.CompletionTokens = completion;
    }
}
