using System.Diagnostics;
using DeterministicInference.Server.Tests.EndToEnd;
using DeterministicInference.Server.Tests.Models;
using Xunit;

namespace DeterministicInference.Server.Tests.Serve;

/// <summary>A client that leaves takes its request away from the engine too: an engine so slow that nothing else could end it.</summary>
public sealed class ClientGoneTests
{
    private const int Tokens = 4000;
    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(1);

    private static readonly (string Path, string Prompt)[] Requests =
    [
        (ApiClient.Completions, "\"prompt\":\"a\""),
        (ApiClient.Chat, "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]"),
    ];

    [Fact]
    public async Task The_engine_stops_within_a_second_and_the_log_says_499()
    {
        ServeProcess server = await ServeProcess.EmbeddedAsync(TestModels.Slow);
        await using (server)
        {
            foreach ((string path, string prompt) in Requests)
            {
                await LeaveAsync(server, path, $$"""{{{prompt}},"max_tokens":{{Tokens}},"ignore_eos":true}""");
                await LeaveAsync(server, path, $$"""{{{prompt}},"max_tokens":{{Tokens}},"ignore_eos":true,"stream":true}""");
            }
            await CutAsync(server);
        }
        foreach (string module in (string[])["deterministic_inference.engine", ServeProcess.Module])
        {
            // JSON and stream, and the completion that was cut.
            Assert.Equal((3, 2), (Departures(module, ApiClient.Completions), Departures(module, ApiClient.Chat)));
        }
        // Nothing but the clients failed.
        Assert.DoesNotContain(server.Log.Lines, line => line.Contains("| WARNING", StringComparison.Ordinal) || line.Contains("| ERROR", StringComparison.Ordinal));

        int Departures(string module, string path) => server.Log.Lines.Count(line => line.Contains($"| {module} | POST {path} 499 ", StringComparison.Ordinal));
    }

    private static async Task LeaveAsync(ServeProcess server, string path, string body)
    {
        using var leaver = new ApiClient(server.Url);
        using var leave = new CancellationTokenSource();
        Task request = SendAsync(leaver, path, body, leave.Token);
        await server.Engine.HealthAsync(health => request.IsCompleted ? throw new InvalidOperationException("The request ended by itself.", request.Exception) : (int)health["running_sequences"]! > 0);
        await leave.CancelAsync();
        await RequireIdleAsync(server, body);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request.Within());
    }

    /// <summary>The connection ends without a word, as with a client that is killed.</summary>
    private static async Task CutAsync(ServeProcess server)
    {
        using (RawConnection connection = await RawConnection.OpenAsync(server.Url))
        {
            await connection.SendAsync(RawConnection.Post(ApiClient.Completions, $$"""{"prompt":"a","max_tokens":{{Tokens}},"ignore_eos":true}"""));
            await server.Engine.HealthAsync(health => (int)health["running_sequences"]! > 0);
        }
        await RequireIdleAsync(server, "cut");
    }

    private static async Task RequireIdleAsync(ServeProcess server, string what)
    {
        long left = Stopwatch.GetTimestamp();
        await server.Engine.IdleAsync();
        TimeSpan took = Stopwatch.GetElapsedTime(left);
        Assert.True(took < Promised, $"{what}: {took.TotalMilliseconds:F0} ms");
    }

    private static async Task SendAsync(ApiClient client, string path, string body, CancellationToken leave)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await client.Http.PostAsync(path, content, leave);
        await response.Content.ReadAsStringAsync(leave);
    }
}
