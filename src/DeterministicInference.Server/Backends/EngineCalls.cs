using System.Net;
using System.Net.Http.Headers;
using System.Net.Mime;

namespace DeterministicInference.Server.Backends;

/// <summary>This server's own calls to an engine, beside those that it forwards. A connection serves one call.</summary>
/// <param name="address">Where the engine listens.</param>
/// <param name="key">What it is shown as a bearer token, where it wants one.</param>
internal sealed class EngineCalls(Uri address, string? key) : IDisposable
{
    /// <summary>Largest answer that is read.</summary>
    private const int LargestAnswer = 16 << 20;

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionLifetime = TimeSpan.Zero,
    });

    /// <summary>Asks for nothing but the status.</summary>
    public async Task<HttpStatusCode> StatusAsync(string path, CancellationToken cancellation)
    {
        using HttpRequestMessage request = Create(HttpMethod.Get, path);
        using HttpResponseMessage response = await _http.SendAsync(request, cancellation);
        return response.StatusCode;
    }

    public async Task<(HttpStatusCode Status, byte[] Body)> GetAsync(string path, CancellationToken cancellation)
    {
        using HttpRequestMessage request = Create(HttpMethod.Get, path);
        return await AnswerAsync(request, cancellation);
    }

    public async Task<(HttpStatusCode Status, byte[] Body)> PostAsync(string path, ReadOnlyMemory<byte> json, CancellationToken cancellation)
    {
        using HttpRequestMessage request = Create(HttpMethod.Post, path);
        request.Content = new ReadOnlyMemoryContent(json) { Headers = { ContentType = new MediaTypeHeaderValue(MediaTypeNames.Application.Json) } };
        return await AnswerAsync(request, cancellation);
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Create(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, new Uri(address, path));
        if (key is not null) request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        return request;
    }

    private async Task<(HttpStatusCode Status, byte[] Body)> AnswerAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using HttpResponseMessage response = await _http.SendAsync(request, cancellation);
        await response.Content.LoadIntoBufferAsync(LargestAnswer, cancellation);
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellation));
    }
}
