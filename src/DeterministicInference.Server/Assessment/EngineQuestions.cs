using System.Net;
using System.Text.Json;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.Facts;

namespace DeterministicInference.Server.Assessment;

/// <summary>Queries the routes of a running engine. Missing answers are handled by the engine's kind.</summary>
/// <param name="calls">Sends the requests.</param>
/// <param name="alternatives">
/// Paths of which one answer is enough: later ones are the first one's names in other builds.
/// </param>
internal sealed class EngineQuestions(EngineCalls calls, IReadOnlyList<string> alternatives)
{
    /// <param name="paths">Paths for GET, in order.</param>
    /// <param name="patience">Time limit for all queries together.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stop">Cancels the queries.</param>
    public async Task<EngineAnswers> AskAsync(
        IEnumerable<string> paths,
        TimeSpan patience,
        TimeProvider time,
        CancellationToken stop
    )
    {
        var answers = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        using var limit = new TimeLimit(patience, time, stop);
        foreach (string path in paths.Distinct(StringComparer.Ordinal))
        {
            if (alternatives.Contains(path) && alternatives.Any(answers.ContainsKey))
                continue;
            try
            {
                (HttpStatusCode status, byte[] body) = await calls.GetAsync(path, limit.Token);
                if (status != HttpStatusCode.OK)
                    continue;
                using JsonDocument document = JsonDocument.Parse(body);
                if (document.RootElement.ValueKind == JsonValueKind.Object)
                    answers[path] = document.RootElement.Clone();
            }
            catch (Exception e)
                when (e is HttpRequestException or JsonException
                    || (e is OperationCanceledException && !stop.IsCancellationRequested)
                )
            {
                // The path was not answered.
            }
        }
        return new EngineAnswers(answers);
    }
}
