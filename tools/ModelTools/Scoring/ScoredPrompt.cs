using DeterministicInference.ModelTools.Data;

namespace DeterministicInference.ModelTools.Scoring;

/// <summary>A conversation that ends with a user turn, and what the answer to it must be.</summary>
internal sealed record ScoredPrompt(Conversation Prompt, AcceptanceRule Rule);
