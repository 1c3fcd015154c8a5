using DeterministicInference.ModelTools.Data;

namespace DeterministicInference.ModelTools.Scoring;

/// <summary>Right answers of one kind.</summary>
internal sealed record KindScore(Kind Kind, int Right, int Total)
{
    /// <summary>Share of right answers, 0 to 1.</summary>
    public double Share => Total == 0 ? 0 : (double)Right / Total;
}
