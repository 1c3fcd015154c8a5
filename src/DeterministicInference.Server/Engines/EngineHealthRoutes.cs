using System.Net;

namespace DeterministicInference.Server.Engines;

/// <summary>The routes that report an engine's health. GET answers 200 while the engine is healthy.</summary>
/// <param name="Path">Route that answers 200 once the engine accepts requests, and not before.</param>
internal sealed record EngineHealthRoutes(string Path)
{
    /// <summary>
    /// Route that answers 200 only while the engine computes, such as one that generates one token. It is used if a
    /// hang is suspected, and must not queue behind other requests. Default: <see cref="Path"/>.
    /// </summary>
    public string ProgressPath { get; init; } = Path;

    /// <summary>
    /// Whether every status below 500 counts as healthy: an engine of unknown kind may have no health route, or require
    /// a key for it.
    /// </summary>
    public bool TakesAnyAnswer { get; init; }

    /// <summary>Whether a status means that the engine is healthy.</summary>
    public bool IsWell(HttpStatusCode status) =>
        status == HttpStatusCode.OK || (TakesAnyAnswer && status < HttpStatusCode.InternalServerError);
}
