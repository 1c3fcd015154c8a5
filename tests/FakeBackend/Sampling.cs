using System.Globalization;
using System.Text.Json.Nodes;

namespace DeterministicInference.FakeBackend;

/// <summary>The sampling parameters of a request with the engine's values where it left them out.</summary>
internal sealed record Sampling(
    double Temperature,
    double TopP,
    int TopK,
    double MinP,
    double FrequencyPenalty = 0,
    double PresencePenalty = 0,
    double RepetitionPenalty = 1
)
{
    public bool IsGreedy => Temperature < 1e-6;

    /// <summary>
    /// Equal where sampling is equal. When nothing is drawn, what only shapes the draw does not count.
    /// </summary>
    public string Key =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(IsGreedy ? "greedy" : $"{Temperature};{TopP};{TopK};{MinP}")};{FrequencyPenalty};{PresencePenalty};{RepetitionPenalty}"
        );

    /// <param name="json">The request.</param>
    /// <param name="defaults">The engine's own values.</param>
    /// <param name="repetition">The engine's name for the penalty on repetition.</param>
    public static Sampling Of(JsonObject json, Sampling defaults, string repetition) =>
        new(
            (double?)json["temperature"] ?? defaults.Temperature,
            (double?)json["top_p"] ?? defaults.TopP,
            (int?)json["top_k"] ?? defaults.TopK,
            (double?)json["min_p"] ?? defaults.MinP,
            (double?)json["frequency_penalty"] ?? defaults.FrequencyPenalty,
            (double?)json["presence_penalty"] ?? defaults.PresencePenalty,
            (double?)json[repetition] ?? defaults.RepetitionPenalty
        );
}
