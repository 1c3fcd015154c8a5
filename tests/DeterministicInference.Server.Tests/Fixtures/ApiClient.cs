using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Http;
using Xunit;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>An answer that was read to its end.</summary>
internal sealed record Reply(
    HttpStatusCode Status,
    HttpResponseHeaders Headers,
    HttpContentHeaders ContentHeaders,
    string Body
)
{
    public JsonObject Json => JsonNode.Parse(Body)!.AsObject();
}

/// <summary>Plain HTTP requests to an engine.</summary>
/// <param name="url">Its address.</param>
/// <param name="socketPath">The Unix socket on which it listens instead; null for none.</param>
internal sealed class ApiClient(string url, string? socketPath = null) : IDisposable
{
    public const string Completions = "/v1/completions";
    public const string Chat = "/v1/chat/completions";

    public HttpClient Http { get; } =
        new(
            new SocketsHttpHandler
            {
                ConnectCallback = socketPath is null
                    ? OutgoingSocket.ConnectAsync
                    : async (_, cancellation) =>
                        new NetworkStream(await OutgoingSocket.OpenAsync(socketPath, cancellation), ownsSocket: true),
                // An answer abandoned between two reads closes its connection at once; by default the rest is awaited
                // for 2 s.
                ResponseDrainTimeout = TimeSpan.Zero,
            }
        )
        {
            BaseAddress = new Uri(url),
            Timeout = Limits.Overall,
        };

    public string Url { get; } = url;

    /// <summary>A POST of JSON, to which a test may add headers.</summary>
    public static HttpRequestMessage Post(string path, string json) =>
        new(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };

    public Task<Reply> GetAsync(string path) => SendAsync(new HttpRequestMessage(HttpMethod.Get, path));

    public Task<Reply> PostAsync(string path, string json) => SendAsync(Post(path, json));

    /// <summary>The JSON of an answer that must succeed.</summary>
    public async Task<JsonObject> JsonAsync(string path, string json)
    {
        Reply reply = await PostAsync(path, json);
        Assert.True(reply.Status == HttpStatusCode.OK, reply.Body);
        return reply.Json;
    }

    public async Task<Reply> SendAsync(HttpRequestMessage request)
    {
        using (request)
        {
            using HttpResponseMessage response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
            string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            return new Reply(response.StatusCode, response.Headers, response.Content.Headers, body);
        }
    }

    /// <summary>Opens a stream and returns with its headers.</summary>
    public async Task<EventStream> OpenAsync(string path, string json)
    {
        HttpResponseMessage response = await Http.SendAsync(
            Post(path, json),
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );
        return await EventStream.OfAsync(response);
    }

    /// <summary>All chunks of a stream that must be complete and well-formed.</summary>
    public async Task<IReadOnlyList<JsonObject>> StreamAsync(string path, string json)
    {
        using EventStream stream = await OpenAsync(path, json);
        return await stream.ReadToEndAsync();
    }

    /// <summary>Polls until a number of <c>/health</c> fulfils a condition.</summary>
    /// <returns>The report.</returns>
    public async Task<JsonObject> HealthAsync(Predicate<JsonObject> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limits.Overall);
        while (true)
        {
            JsonObject health = (await GetAsync("/health")).Json;
            if (condition(health))
                return health;
            await Task.Delay(Limits.BetweenLooks, limit.Token);
        }
    }

    /// <summary>Polls until the answer has a status; a refused connection counts as no answer yet.</summary>
    /// <param name="path">The path.</param>
    /// <param name="status">The expected status.</param>
    /// <param name="server">The server, whose end ends the wait.</param>
    public async Task<Reply> AnswersAsync(string path, HttpStatusCode status, ServerProcess? server = null)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limits.Overall);
        while (true)
        {
            Assert.False(server is { HasExited: true });
            try
            {
                Reply reply = await GetAsync(path);
                if (reply.Status == status)
                    return reply;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }
            await Task.Delay(Limits.BetweenLooks, limit.Token);
        }
    }

    /// <summary>Waits until nothing is computed.</summary>
    public Task<JsonObject> IdleAsync() =>
        HealthAsync(health => (int)health["running_sequences"]! + (int)health["waiting_requests"]! == 0);

    public void Dispose() => Http.Dispose();
}
