using DeterministicInference.ModelTools.Data;

namespace DeterministicInference.ModelTools.Scoring;

/// <summary>A wrong answer.</summary>
internal sealed record Failure(Kind Kind, string Question, string Answer, string Expected);
