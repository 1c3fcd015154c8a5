using System.Net;
using System.Net.Sockets;

namespace DeterministicInference.Server.Engines;

/// <summary>Why an engine did not pass a probe.</summary>
/// <param name="Text">The observation, as a clause.</param>
/// <param name="Remedy">
/// The remedy for an engine of <c>--backend-url</c>, as a sentence; null if waiting may be enough.
/// </param>
internal sealed record ProbeProblem(string Text, string? Remedy = null);

/// <summary>Probes whether an engine is ready, and whether it still computes.</summary>
/// <param name="routes">The engine's health routes.</param>
/// <param name="calls">Sends the requests.</param>
/// <param name="timeout">Time within which the engine must answer.</param>
/// <param name="time">The clock.</param>
internal sealed class EngineProbe(EngineHealthRoutes routes, EngineCalls calls, TimeSpan timeout, TimeProvider time)
{
    /// <param name="deep">Whether to use the progress path instead of the health path.</param>
    /// <param name="cancellation">Cancels the probe.</param>
    /// <param name="patience">A shorter time limit; null for the default.</param>
    /// <returns>Null if the engine is healthy, else the problem.</returns>
    public async Task<ProbeProblem?> AskAsync(bool deep, CancellationToken cancellation, TimeSpan? patience = null)
    {
        TimeSpan wait = patience < timeout ? patience.Value : timeout;
        string path = deep ? routes.ProgressPath : routes.Path;
        using var limit = new TimeLimit(wait, time, cancellation);
        try
        {
            HttpStatusCode status = await calls.StatusAsync(path, limit.Token);
            return routes.IsWell(status) ? null : new ProbeProblem($"{path} answers {(int)status}", Remedy(status));
        }
        catch (HttpRequestException e)
        {
            return Explain(e, path);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new ProbeProblem($"{path} does not answer within {wait.TotalSeconds:0.#} s");
        }
    }

    private ProbeProblem Explain(HttpRequestException e, string path)
    {
        if (e.InnerException is SocketException { SocketErrorCode: var error } && IsUnresolved(error))
            return new ProbeProblem("the name of its host can't be resolved", "Correct the name in --backend-url.");
        return e.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => new ProbeProblem(
                "the name of its host can't be resolved",
                "Correct the name in --backend-url."
            ),
            HttpRequestError.ConnectionError => new ProbeProblem(
                "no connection",
                "Start it, or correct the address in --backend-url."
            ),
            HttpRequestError.SecureConnectionError => calls.CertificateProblem
                ?? new ProbeProblem(
                    "no TLS connection",
                    "Give --backend-url with http:// where the engine speaks no TLS."
                ),
            HttpRequestError.InvalidResponse => new ProbeProblem("what answers speaks no HTTP", NoHttpRemedy),
            HttpRequestError.ResponseEnded => new ProbeProblem(
                $"the connection ends without an answer to {path}",
                NoHttpRemedy
            ),
            _ when e.InnerException is IOException => new ProbeProblem(
                $"the connection breaks without an answer to {path}",
                NoHttpRemedy
            ),
            HttpRequestError other => new ProbeProblem($"{path} fails: {other}"),
        };
    }

    private string NoHttpRemedy =>
        calls.IsSecure
            ? "Correct the address in --backend-url."
            : "Give --backend-url with https:// if the engine expects TLS there; otherwise correct the address.";

    private static bool IsUnresolved(SocketError error) =>
        error is SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData or SocketError.NoRecovery;

    private static string? Remedy(HttpStatusCode status) =>
        status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
                "Give the engine's key with --backend-api-key-file.",
            >= HttpStatusCode.InternalServerError => null,
            _ => "Correct --backend-url, or --backend if another kind of engine answers there.",
        };
}
