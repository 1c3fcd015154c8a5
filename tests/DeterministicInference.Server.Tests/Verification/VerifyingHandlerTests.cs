using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using DeterministicInference.Receipts.Clients;
using DeterministicInference.Receipts.Trust;
using DeterministicInference.Receipts.Verification;
using OpenAI;
using OpenAI.Chat;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary>
/// The handler of the library below the official OpenAI client, with somebody between it and the server.
/// </summary>
public sealed class VerifyingHandlerTests : IAsyncLifetime
{
    private const string False = "EVIL";

    private IssuingServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await IssuingServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task An_honest_answer_passes_with_its_verdict()
    {
        List<VerificationResult?> seen = [];
        using HttpClient http = Client(await KeyAsync(), seen);
        ChatClient chat = Chat(http, _server.Url);
        ChatCompletion answer = await chat.CompleteChatAsync([new UserChatMessage("Where?")], null, Cancellation);
        Assert.Equal("The capital is Paris.", answer.Content[0].Text);
        (string text, bool isWhole) = await StreamAsync(chat);
        Assert.Equal(("The capital is Paris.", true), (text, isWhole));
        Assert.All(seen, result => Assert.Equal(Verdict.Valid, result!.Verdict));
        Assert.Equal(2, seen.Count);
        Assert.All(seen, result => Assert.Equal("The capital is Paris.", result!.Texts[0].Text));
    }

    [Theory]
    [InlineData("is Paris.", "is EVIL.")]
    [InlineData("\"content\":\"The", "\"content\":\"EVIL\",\"content\":\"The")]
    [InlineData("\"determinism\":", "\"nondeterminism\":")]
    [InlineData("\"finish_reason\":\"stop\"", "\"finish_reason\":\"length\"")]
    public async Task An_answer_that_was_altered_throws(string honest, string altered)
    {
        await using Middleman middleman = await Middleman.StartAsync(
            _server.Url,
            (_, _, answer) =>
                Task.FromResult(answer.With(answer.Body.Replace(honest, altered, StringComparison.Ordinal)))
        );
        List<VerificationResult?> seen = [];
        using HttpClient http = Client(await KeyAsync(), seen);
        await Assert.ThrowsAsync<ReceiptVerificationException>(async () =>
            await Chat(http, middleman.Url).CompleteChatAsync([new UserChatMessage("Where?")], null, Cancellation)
        );
        Assert.NotEqual(Verdict.Valid, Assert.Single(seen)?.Verdict);
    }

    /// <summary>Of a stream the client gets what came, and never its end.</summary>
    [Theory]
    [InlineData("is\"", "is EVIL\"")]
    [InlineData(": dis-receipt", ": no-receipt")]
    [InlineData("\"finish_reason\":\"stop\"", "\"finish_reason\":\"length\"")]
    [InlineData("data: [DONE]", "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"EVIL\"}}]}\n\ndata: [DONE]")]
    [InlineData("data: [DONE]\n\n", "")]
    [InlineData("data: [DONE]\n\n", "data: [DONE]\n\ndata: {\"choices\":[]}\n\n")]
    public async Task A_stream_that_was_altered_ends_with_the_exception(string honest, string altered)
    {
        await using Middleman middleman = await Middleman.StartAsync(
            _server.Url,
            (_, _, answer) =>
            {
                Assert.Contains(honest, answer.Body, StringComparison.Ordinal);
                return Task.FromResult(answer.With(answer.Body.Replace(honest, altered, StringComparison.Ordinal)));
            }
        );
        List<VerificationResult?> seen = [];
        using HttpClient http = Client(await KeyAsync(), seen);
        await Assert.ThrowsAsync<ReceiptVerificationException>(() => StreamAsync(Chat(http, middleman.Url)));
        Assert.NotEqual(Verdict.Valid, Assert.Single(seen)?.Verdict);

        // What a reader of lines gets: no line that ends the stream.
        using HttpRequestMessage request = StreamRequest(middleman.Url);
        using HttpResponseMessage response = await http.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            Cancellation
        );
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));
        var lines = new StringBuilder();
        await Assert.ThrowsAsync<ReceiptVerificationException>(async () =>
        {
            while (await reader.ReadLineAsync(Cancellation) is { } line)
                lines.AppendLine(line);
        });
        Assert.DoesNotContain("[DONE]", lines.ToString(), StringComparison.Ordinal);
        Assert.Contains("\"content\":\"The\"", lines.ToString(), StringComparison.Ordinal);
    }

    /// <summary>It is read by what it is, not by what its type says, and the other way round.</summary>
    [Theory]
    [InlineData("text/event-stream")]
    [InlineData("application/json; charset=utf-16")]
    public async Task The_type_of_the_content_is_what_was_verified(string type)
    {
        await using Middleman middleman = await Middleman.StartAsync(
            _server.Url,
            (_, _, answer) => Task.FromResult(answer with { Type = type })
        );
        using HttpClient http = Client(await KeyAsync(), []);
        using var content = new StringContent("""{"messages":[{"role":"user","content":"Where?"}]}""");
        Task<HttpResponseMessage> asked = http.PostAsync($"{middleman.Url}/v1/chat/completions", content, Cancellation);
        if (type == "text/event-stream")
        {
            await Assert.ThrowsAsync<ReceiptVerificationException>(async () =>
                await (await asked).Content.ReadAsStringAsync(Cancellation)
            );
            return;
        }
        using HttpResponseMessage response = await asked;
        Assert.Contains(
            "The capital is Paris.",
            await response.Content.ReadAsStringAsync(Cancellation),
            StringComparison.Ordinal
        );
    }

    /// <summary>No receipt binds how an answer is delivered: a client of events would show none of an object.</summary>
    [Fact]
    public async Task An_answer_in_the_other_delivery_is_refused()
    {
        await using Middleman middleman = await Middleman.StartAsync(
            _server.Url,
            (_, body, _) =>
                Middleman.AskAsync(
                    _server.Api,
                    body.Replace("\"stream\":true", "\"stream\":false", StringComparison.Ordinal)
                )
        );
        using HttpClient http = Client(await KeyAsync(), []);
        await Assert.ThrowsAsync<ReceiptVerificationException>(async () =>
        {
            using HttpRequestMessage request = StreamRequest(middleman.Url);
            using HttpResponseMessage response = await http.SendAsync(request, Cancellation);
        });
    }

    /// <summary>A server takes these for the same route.</summary>
    [Theory]
    [InlineData("/v1/chat/completions/")]
    [InlineData("/v1/Chat/Completions")]
    public async Task A_route_in_another_spelling_is_verified(string route)
    {
        await using Middleman middleman = await Middleman.StartAsync(
            _server.Url,
            (_, _, answer) => Task.FromResult(answer)
        );
        using HttpClient http = Client(TrustPolicy.None, []);
        using var content = new StringContent("""{"messages":[{"role":"user","content":"Where?"}]}""");
        await Assert.ThrowsAsync<ReceiptVerificationException>(() =>
            http.PostAsync(middleman.Url + route, content, Cancellation)
        );
    }

    [Fact]
    public async Task Without_a_trusted_key_nothing_passes_unless_it_is_only_told()
    {
        using HttpClient strict = Client(TrustPolicy.None, []);
        var refused = await Assert.ThrowsAsync<ReceiptVerificationException>(async () =>
            await Chat(strict, _server.Url).CompleteChatAsync([new UserChatMessage("Where?")], null, Cancellation)
        );
        Assert.Equal(Verdict.Untrusted, refused.Result!.Verdict);
        List<VerificationResult?> seen = [];
        using HttpClient told = Client(TrustPolicy.None, seen, throws: false);
        await Chat(told, _server.Url).CompleteChatAsync([new UserChatMessage("Where?")], null, Cancellation);
        Assert.Equal((Verdict.Untrusted, 0), (Assert.Single(seen)!.Verdict, seen[0]!.Texts.Count));
    }

    [Fact]
    public async Task Other_requests_and_errors_pass()
    {
        List<VerificationResult?> seen = [];
        using HttpClient http = Client(await KeyAsync(), seen);
        Assert.Contains(
            "\"vkey\"",
            await http.GetStringAsync($"{_server.Url}/v1/receipts/key", Cancellation),
            StringComparison.Ordinal
        );
        _server.Status = 503;
        using var content = new StringContent("{}");
        using HttpResponseMessage error = await http.PostAsync(
            $"{_server.Url}/v1/chat/completions",
            content,
            Cancellation
        );
        Assert.False(error.IsSuccessStatusCode);
        Assert.Empty(seen);
        using var sync = new HttpRequestMessage(HttpMethod.Get, _server.Url);
        Assert.Throws<NotSupportedException>(() => http.Send(sync, Cancellation));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private async Task<TrustPolicy> KeyAsync() =>
        TrustPolicy.OfKeys((await _server.Api.GetAsync("/v1/receipts/key")).Body);

    private static HttpClient Client(TrustPolicy policy, List<VerificationResult?> seen, bool throws = true) =>
        new(
            new ReceiptVerifyingHandler(policy, new HttpClientHandler())
            {
                ThrowsOnFailure = throws,
                Verified = (_, result) => seen.Add(result),
            }
        );

    private static ChatClient Chat(HttpClient http, string url) =>
        new(
            "gpt",
            new ApiKeyCredential("none"),
            new OpenAIClientOptions
            {
                Endpoint = new Uri($"{url}/v1"),
                Transport = new HttpClientPipelineTransport(http),
                RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            }
        );

    private static async Task<(string Text, bool IsWhole)> StreamAsync(ChatClient chat)
    {
        var text = new StringBuilder();
        bool isWhole = false;
        await foreach (
            StreamingChatCompletionUpdate update in chat.CompleteChatStreamingAsync(
                [new UserChatMessage("Where?")],
                null,
                Cancellation
            )
        )
        {
            foreach (ChatMessageContentPart part in update.ContentUpdate)
                text.Append(part.Text);
            isWhole |= update.FinishReason is not null;
        }
        return (text.ToString(), isWhole);
    }

    private static HttpRequestMessage StreamRequest(string url) =>
        new(HttpMethod.Post, $"{url}/v1/chat/completions")
        {
            Content = new StringContent(
                """{"messages":[{"role":"user","content":"Where?"}],"stream":true}""",
                Encoding.UTF8,
                "application/json"
            ),
        };
}
