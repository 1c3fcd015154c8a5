using System.Net;
using System.Text.Json;

namespace DeterministicInference.Server.Backends;

/// <summary>How an engine that somebody else started says that it was.</summary>
internal static class EngineReport
{
    /// <param name="backend">Which of its routes say so.</param>
    /// <param name="calls">How it is asked.</param>
    /// <param name="limit">Ends the asking.</param>
    /// <returns>Null where it does not tell, or not in time.</returns>
    public static async Task<JsonElement?> ReadAsync(IBackend backend, EngineCalls calls, CancellationToken limit)
    {
        foreach (string path in backend.ReportPaths)
        {
            try
            {
                (HttpStatusCode answered, byte[] body) = await calls.GetAsync(path, limit);
                if (answered != HttpStatusCode.OK) continue;
                using JsonDocument report = JsonDocument.Parse(body);
                return report.RootElement.Clone();
            }
            catch (Exception e) when (e is HttpRequestException or JsonException or OperationCanceledException)
            {
                // Then its arguments are not known, which is what the verdict says.
            }
        }
        return null;
    }
}
