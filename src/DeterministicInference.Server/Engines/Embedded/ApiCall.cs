using DeterministicInference.Engine.Scheduling;

namespace DeterministicInference.Server.Engines.Embedded;

/// <summary>A validated request to one of the two generating endpoints.</summary>
internal sealed record ApiCall
{
    public required bool IsChat { get; init; }

    /// <summary>One request for chat; for completions one per prompt. All have the same number of choices.</summary>
    public required IReadOnlyList<GenerationRequest> Requests { get; init; }

    /// <summary>The prompts as text, for <see cref="Echo"/>; empty otherwise.</summary>
    public IReadOnlyList<string> PromptTexts { get; init; } = [];

    public bool Stream { get; init; }

    public bool IncludeUsage { get; init; }

    public bool ReturnTokenIds { get; init; }

    /// <summary>Completions: whether the prompt is part of the answer.</summary>
    public bool Echo { get; init; }

    public int ChoicesPerPrompt => Requests[0].Choices;

    public int PromptTokens => Requests.Sum(request => request.Prompt.Count);
}
