using System.Net;
using System.Net.Http.Headers;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Replays;
using DeterministicInference.Receipts.Servers;
using DeterministicInference.Receipts.Trust;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Receipts.Clients;

/// <summary>
/// Verifies each answer of a chat or completion as it passes through an <see cref="HttpClient"/>, which may be that of
/// an OpenAI client. A JSON answer is handed on when it is verified. The events of a stream are handed on as they come,
/// up to the first that ends a choice: what follows, and with it <c>[DONE]</c>, waits until all is verified, so that a
/// stream that is not verified ends with the exception and never looks finished.
/// Other requests, and answers that are errors by their status, pass unchanged.
/// </summary>
/// <param name="policy">Whom the verifier trusts.</param>
public sealed class ReceiptVerifyingHandler(TrustPolicy policy) : DelegatingHandler
{
    private static readonly string[] Paths = [CanonicalRequest.ChatPath, CanonicalRequest.CompletionsPath];

    private readonly TrustPolicy _policy = policy ?? throw new ArgumentNullException(nameof(policy));

    /// <param name="policy">Whom the verifier trusts.</param>
    /// <param name="innerHandler">Sends the requests.</param>
    public ReceiptVerifyingHandler(TrustPolicy policy, HttpMessageHandler innerHandler)
        : this(policy) => InnerHandler = innerHandler;

    /// <summary>
    /// Whether an answer that is not VALID throws <see cref="ReceiptVerificationException"/>. If not, it is handed on,
    /// and only <see cref="Verified"/> tells.
    /// </summary>
    public bool ThrowsOnFailure { get; init; } = true;

    /// <summary>
    /// Gets the outcome of each answer, before its end is handed on: null where there was nothing that could be
    /// verified, such as an answer without a receipt. It may be called by several threads at once.
    /// </summary>
    public Action<HttpRequestMessage, VerificationResult?>? Verified { get; init; }

    /// <summary>Not supported: a wait for the receipt would block the thread.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Answers are verified asynchronously: use SendAsync.");

    /// <inheritdoc/>
    /// <exception cref="ReceiptVerificationException">The answer is not verified.</exception>
    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Method != HttpMethod.Post || PathOf(request) is not { } path)
            return await base.SendAsync(request, cancellationToken);
        // The body is sent once and needed again.
        byte[] body = request.Content is { } content ? await ReadAsync(content, cancellationToken) : [];
        HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
        // What is below may be taken for an answer.
        if (response.StatusCode >= HttpStatusCode.BadRequest)
            return response;
        try
        {
            var answer = new PassingAnswer(this, request, path, body, response);
            response.Content = await answer.PassAsync(cancellationToken);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>Verifies an answer.</summary>
    /// <exception cref="ReceiptVerificationException">It is not VALID, and that throws.</exception>
    internal async Task JudgeAsync(
        HttpRequestMessage request,
        ReceiptEvidence evidence,
        string? defect,
        CancellationToken cancellation
    )
    {
        VerificationResult? result = null;
        // The handler below follows redirects, and changes the request then.
        string? problem =
            defect ?? (PathOf(request) == evidence.RequestPath ? null : "The request was redirected to another route.");
        if (problem is null)
        {
            try
            {
                using ReceiptServer server = ServerOf(request, evidence.RequestPath!);
                result = await new VerificationSession(evidence, _policy, server).RunAsync(cancellation);
                problem = result.ExitCode == 0 ? null : result.Summary;
            }
            catch (EvidenceException e)
            {
                problem = e.Message;
            }
        }
        Verified?.Invoke(request, result);
        if (problem is not null && ThrowsOnFailure)
            throw new ReceiptVerificationException(problem, result);
    }

    /// <summary>
    /// Asks for a receipt of which the answer has only the id, in the way in which the request was sent.
    /// </summary>
    private ReceiptServer ServerOf(HttpRequestMessage request, string path)
    {
        string url = request.RequestUri!.GetLeftPart(UriPartial.Path);
        AuthenticationHeaderValue? authorization = request.Headers.Authorization;
        return new ReceiptServer(
            new Uri(url.TrimEnd('/')[..^RouteOf(path).Length]),
            authorization is { Scheme: "Bearer", Parameter: { } key } ? key : null,
            Timeout.InfiniteTimeSpan,
            new InnerSender(base.SendAsync)
        );
    }

    /// <summary>The route as it is sealed; null for another one.</summary>
    private static string? PathOf(HttpRequestMessage request) =>
        request.RequestUri is { } url
            // Servers take these for the same route.
            ? Array.Find(
                Paths,
                path => url.AbsolutePath.TrimEnd('/').EndsWith(RouteOf(path), StringComparison.OrdinalIgnoreCase)
            )
            : null;

    /// <summary>What follows the base address of a client, which need not end in <c>/v1</c>.</summary>
    private static string RouteOf(string path) => path["/v1".Length..];

    private static async Task<byte[]> ReadAsync(HttpContent content, CancellationToken cancellation)
    {
        await content.LoadIntoBufferAsync(ReceiptBundle.MaxBytes, cancellation);
        return await content.ReadAsByteArrayAsync(cancellation);
    }

    /// <summary>Sends through the handler below, which outlives it.</summary>
    private sealed class InnerSender(Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> send)
        : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        ) => send(request, cancellationToken);
    }
}
