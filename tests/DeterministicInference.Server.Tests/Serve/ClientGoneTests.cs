using System.Diagnostics;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Tests.EndToEnd;
using DeterministicInference.Server.Tests.Models;
using Xunit;

namespace DeterministicInference.Server.Tests.Serve;

/// <summary>A client that leaves takes its request away from the engine too: an engine so slow that nothing else could end it.</summary>
public sealed class ClientGoneTests : IAsyncLifetime
{
    private const int Tokens = 4000;
    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(1);

    private ServeProcess _server = null!;

    public async ValueTask InitializeAsync() => _server = await ServeProcess.EmbeddedAsync(TestModels.Slow);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData(ApiClient.Completions, "\"prompt\":\"a\"", true)]
    [InlineData(ApiClient.Completions, "\"prompt\":\"a\"", false)]
    [InlineData(ApiClient.Chat, "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]", true)]
    [InlineData(ApiClient.Chat, "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]", false)]
    public async Task The_engine_stops_within_a_second_and_the_log_says_499(string path, string prompt, bool stream)
    {
        using var leaver = new ApiClient(_server.Url);
        using var leave = new CancellationTokenSource();
        Task request = SendAsync(leaver, path, $$"""{{{prompt}},"max_tokens":{{Tokens}},"ignore_eos":true,"stream":{{(stream ? "true" : "false")}}}""", leave.Token);
        await _server.Engine.HealthAsync(health => request.IsCompleted ? throw new InvalidOperationException("The request ended by itself.", request.Exception) : (int)health["running_sequences"]! > 0);
        await leave.CancelAsync();
        long left = Stopwatch.GetTimestamp();
        await _server.Engine.IdleAsync();
        TimeSpan took = Stopwatch.GetElapsedTime(left);
        Assert.True(took < Promised, $"{took.TotalMilliseconds:F0} ms");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request.Within());

        await _server.LineAsync($"| deterministic_inference.engine | POST {path} 499 ");
        await _server.LineAsync($"| {ServeProcess.Module} | POST {path} 499 ");
        // Nothing but the client failed.
        Assert.DoesNotContain(_server.Log.Lines, line => line.Contains("| WARNING", StringComparison.Ordinal) || line.Contains("| ERROR", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_that_cuts_the_connection_is_noticed_as_well()
    {
        using (RawConnection connection = await RawConnection.OpenAsync(_server.Url))
        {
            await connection.SendAsync(RawConnection.Post(ApiClient.Completions, $$"""{"prompt":"a","max_tokens":{{Tokens}},"ignore_eos":true}"""));
            await _server.Engine.HealthAsync(health => (int)health["running_sequences"]! > 0);
        }
        JsonObject idle = await _server.Engine.IdleAsync();
        Assert.InRange((long)idle["generated_tokens"]!, 0, Tokens / 2);
        await _server.LineAsync($"| {ServeProcess.Module} | POST {ApiClient.Completions} 499 ");
    }

    private static async Task SendAsync(ApiClient client, string path, string body, CancellationToken leave)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await client.Http.PostAsync(path, content, leave);
        await response.Content.ReadAsStringAsync(leave);
    }
}
