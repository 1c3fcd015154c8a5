using System.Net;

namespace DeterministicInference.Server.Backends;

/// <summary>Asks an engine whether it is ready, and whether it still computes.</summary>
/// <param name="backend">The engine.</param>
/// <param name="calls">How it is asked.</param>
/// <param name="timeout">No answer for so long is an answer. SGLang's own health check gives up after 20 s.</param>
internal sealed class BackendProbe(IBackend backend, EngineCalls calls, TimeSpan timeout)
{
    /// <param name="deep">Whether <see cref="IBackend.ProgressPath"/> is asked instead of the health path.</param>
    /// <param name="cancellation">Ends the asking.</param>
    /// <param name="patience">A shorter limit than the usual one.</param>
    /// <returns>Null when the engine is well, or what is wrong.</returns>
    public async Task<string?> AskAsync(bool deep, CancellationToken cancellation, TimeSpan? patience = null)
    {
        TimeSpan wait = patience < timeout ? patience.Value : timeout;
        string path = deep ? backend.ProgressPath : backend.HealthPath;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(wait);
        try
        {
            HttpStatusCode status = await calls.StatusAsync(path, limit.Token);
            // An engine of unknown kind may have no health route, or a locked one; that it answers is all one can ask.
            bool isWell = status == HttpStatusCode.OK || (backend is ExternalBackend && (int)status < 500);
            return isWell ? null : $"{path} answers {(int)status}";
        }
        catch (HttpRequestException e)
        {
            return e.HttpRequestError == HttpRequestError.ConnectionError ? "no connection" : $"{path} fails: {e.HttpRequestError}";
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"{path} does not answer within {wait.TotalSeconds:0.#} s";
        }
    }
}
