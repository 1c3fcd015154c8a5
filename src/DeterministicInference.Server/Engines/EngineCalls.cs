using System.Net;
using System.Net.Http.Headers;
using System.Net.Mime;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using DeterministicInference.Server.Http;

namespace DeterministicInference.Server.Engines;

/// <summary>
/// Requests of this server itself to an engine, apart from forwarded ones. Each uses a new connection, so that none is
/// sent on a connection that the engine is closing.
/// </summary>
internal sealed class EngineCalls : IDisposable
{
    /// <summary>Largest answer, in bytes.</summary>
    private const int LargestAnswer = 16 << 20;

    private readonly string? _key;
    private readonly HttpMessageInvoker _http;
    private volatile ProbeProblem? _certificateProblem;

    /// <param name="address">Address of the engine.</param>
    /// <param name="key">Key that is sent as a bearer token; null for none.</param>
    /// <param name="socketPath">Unix socket on which the engine listens; null for the address.</param>
    public EngineCalls(Uri address, string? key, string? socketPath = null)
    {
        (Address, _key) = (address, key);
        SocketsHttpHandler handler = OutgoingSocket.CreateHandler();
        if (socketPath is not null)
        {
            handler.ConnectCallback = async (_, cancellation) =>
                new NetworkStream(await OutgoingSocket.OpenAsync(socketPath, cancellation), ownsSocket: true);
        }
        handler.UseProxy = false;
        handler.ConnectTimeout = TimeSpan.FromSeconds(5);
        handler.PooledConnectionLifetime = TimeSpan.Zero;
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
        {
            _certificateProblem = CertificateCheck.Explain(
                certificate as X509Certificate2,
                chain,
                errors,
                address.IdnHost
            );
            return errors == SslPolicyErrors.None;
        };
        _http = new HttpMessageInvoker(handler);
    }

    /// <summary>Address of the engine; a launched one may get another port at its next start.</summary>
    public Uri Address { get; set; }

    /// <summary>Why the engine's certificate was refused at the last connection; null if it was not.</summary>
    public ProbeProblem? CertificateProblem => _certificateProblem;

    /// <summary>Whether the connection is one with TLS.</summary>
    public bool IsSecure => Address.Scheme == Uri.UriSchemeHttps;

    /// <summary>Sends GET and returns the status.</summary>
    public async Task<HttpStatusCode> StatusAsync(string path, CancellationToken cancellation)
    {
        _certificateProblem = null;
        using HttpRequestMessage request = Create(HttpMethod.Get, path);
        using HttpResponseMessage response = await _http.SendAsync(request, cancellation);
        return response.StatusCode;
    }

    public async Task<(HttpStatusCode Status, byte[] Body)> GetAsync(string path, CancellationToken cancellation)
    {
        using HttpRequestMessage request = Create(HttpMethod.Get, path);
        return await AnswerAsync(request, cancellation);
    }

    public async Task<(HttpStatusCode Status, byte[] Body)> PostAsync(
        string path,
        ReadOnlyMemory<byte> json,
        CancellationToken cancellation
    )
    {
        using HttpRequestMessage request = Create(HttpMethod.Post, path);
        request.Content = new ReadOnlyMemoryContent(json)
        {
            Headers = { ContentType = new MediaTypeHeaderValue(MediaTypeNames.Application.Json) },
        };
        return await AnswerAsync(request, cancellation);
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Create(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, EngineUrl.Combine(Address, path));
        if (_key is not null)
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {_key}");
        return request;
    }

    private async Task<(HttpStatusCode Status, byte[] Body)> AnswerAsync(
        HttpRequestMessage request,
        CancellationToken cancellation
    )
    {
        using HttpResponseMessage response = await _http.SendAsync(request, cancellation);
        await response.Content.LoadIntoBufferAsync(LargestAnswer, cancellation);
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellation));
    }
}
