using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines.Embedded;

/// <summary>
/// A model so slow that its answers take minutes, so that only a disconnect ends them early. The tokens that are
/// generated after the disconnect show how long the engine continued, on any machine.
/// </summary>
public sealed class EmbeddedClientGoneTests : IAsyncLifetime
{
    private const int Tokens = 4000;

    private EngineProcess _engine = null!;

    public async ValueTask InitializeAsync() => _engine = await EngineProcess.StartAsync(TestModels.Slow);

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    [Theory]
    [InlineData(ApiClient.Completions, "\"prompt\":\"a\"", true)]
    [InlineData(ApiClient.Completions, "\"prompt\":\"a\"", false)]
    [InlineData(ApiClient.Completions, "\"prompt\":[\"a\",\"b\"]", true)]
    [InlineData(ApiClient.Chat, "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]", false)]
    public async Task The_engine_stops_when_the_client_leaves(string path, string prompt, bool stream)
    {
        // A second client observes; the first one's connection is closed by disconnecting.
        using var leaver = new ApiClient(_engine.Url);
        using var leave = new CancellationTokenSource();
        string body =
            $$"""{{{prompt}},"max_tokens":{{Tokens}},"ignore_eos":true,"stream":{{(stream ? "true" : "false")}}}""";
        Task request = SendAsync(leaver, path, body, leave.Token);
        JsonObject running = await _engine.Api.HealthAsync(health =>
            request.IsCompleted
                ? throw new InvalidOperationException("The request ended by itself.", request.Exception)
                : (int)health["running_sequences"]! > 0 && (long)health["generated_tokens"]! >= 3
        );
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request.Within());

        JsonObject idle = await _engine.Api.IdleAsync();
        Assert.InRange((long)idle["generated_tokens"]! - (long)running["generated_tokens"]!, 0, 100);
        string line = await _engine
            .Log.FindAsync(line => line.Contains($"POST {path} ", StringComparison.Ordinal))
            .Within();
        Assert.Contains($"POST {path} 499 ", line, StringComparison.Ordinal);
        Assert.Matches($"completion_tokens={(stream ? "[1-9][0-9]*" : "[0-9]+")} req_", line);
    }

    [Fact]
    public async Task Eight_streams_run_at_once_and_leave_at_once()
    {
        using var leaver = new ApiClient(_engine.Url);
        EventStream[] streams = await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(i =>
                    leaver.OpenAsync(
                        ApiClient.Completions,
                        $$"""{"prompt":"{{i}}","max_tokens":{{Tokens}},"ignore_eos":true,"return_token_ids":"""
                            + $$"""true,"stream":true}"""
                    )
                )
        );
        // Each stream has sent a token while none is near its end.
        foreach (EventStream stream in streams)
        {
            await stream.ReadAsync();
            Assert.NotNull(await stream.ReadAsync());
        }
        Assert.Equal(8, (int)(await _engine.Api.GetAsync("/health")).Json["running_sequences"]!);
        foreach (EventStream stream in streams)
            stream.Dispose();
        Assert.InRange((long)(await _engine.Api.IdleAsync())["generated_tokens"]!, 8, Tokens);
    }

    private static async Task SendAsync(ApiClient client, string path, string body, CancellationToken leave)
    {
        using var content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using HttpResponseMessage response = await client.Http.PostAsync(path, content, leave);
        await response.Content.ReadAsStringAsync(leave);
    }
}
