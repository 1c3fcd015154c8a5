using System.Net;

namespace DeterministicInference.Server.Backends;

/// <summary>Asks an engine whether it is ready.</summary>
internal sealed class BackendProbe(IBackend backend, Uri address) : IDisposable
{
    // SGLang's own health check runs a token through the engine and gives up after 20 s.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(25);

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionLifetime = TimeSpan.Zero,
    });

    /// <returns>Null when the engine is ready, or why it is not.</returns>
    public async Task<string?> AskAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Timeout);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, backend.HealthPath));
            using HttpResponseMessage response = await _http.SendAsync(request, limit.Token);
            // An engine of unknown kind may have no health route; that it answers is all one can ask.
            bool isReady = response.StatusCode == HttpStatusCode.OK || (backend is ExternalBackend && response.StatusCode == HttpStatusCode.NotFound);
            return isReady ? null : $"{backend.HealthPath} answers {(int)response.StatusCode}";
        }
        catch (HttpRequestException e)
        {
            return e.HttpRequestError == HttpRequestError.ConnectionError ? "no connection yet" : $"{backend.HealthPath} fails: {e.HttpRequestError}";
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"{backend.HealthPath} does not answer within {Timeout.TotalSeconds:F0} s";
        }
    }

    public void Dispose() => _http.Dispose();
}
