using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Serve;

/// <summary>
/// A client that disconnects cancels its request in the engine too, which is so slow that nothing else could end it.
/// </summary>
public sealed class ServedClientGoneTests
{
    private const int Tokens = 4000;

    private static readonly (string Path, string Prompt)[] Requests =
    [
        (ApiClient.Completions, "\"prompt\":\"a\""),
        (ApiClient.Chat, "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]"),
    ];

    [Fact]
    public async Task The_engine_stops_before_its_last_token_and_the_log_says_499()
    {
        ServeProcess server = await ServeProcess.EmbeddedAsync(TestModels.Slow, "--", "--access-log", "true");
        await using (server)
        {
            foreach ((string path, string prompt) in Requests)
            {
                await LeaveAsync(server, path, $$"""{{{prompt}},"max_tokens":{{Tokens}},"ignore_eos":true}""");
                await LeaveAsync(
                    server,
                    path,
                    $$"""{{{prompt}},"max_tokens":{{Tokens}},"ignore_eos":true,"stream":true}"""
                );
            }
            await CutAsync(server);
        }
        foreach (string module in (string[])["deterministic_inference.engine", ServeProcess.Module])
        {
            // JSON and stream, and the completion whose connection was reset.
            Assert.Equal((3, 2), (Departures(module, ApiClient.Completions), Departures(module, ApiClient.Chat)));
        }
        // Only the clients failed.
        Assert.DoesNotContain(
            server.Log.Lines,
            line =>
                line.Contains("| WARNING", StringComparison.Ordinal)
                || line.Contains("| ERROR", StringComparison.Ordinal)
        );

        int Departures(string module, string path) =>
            server.Log.Lines.Count(line => line.Contains($"| {module} | POST {path} 499 ", StringComparison.Ordinal));
    }

    private static async Task LeaveAsync(ServeProcess server, string path, string body)
    {
        using var leaver = new ApiClient(server.Url);
        using var leave = new CancellationTokenSource();
        int before = GeneratedTokens(await server.Engine.IdleAsync());
        Task request = SendAsync(leaver, path, body, leave.Token);
        await server.Engine.HealthAsync(health =>
            request.IsCompleted
                ? throw new InvalidOperationException("The request ended by itself.", request.Exception)
                : (int)health["running_sequences"]! > 0
        );
        await leave.CancelAsync();
        await RequireStopAsync(server, before);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request.Within());
    }

    /// <summary>The connection ends by a reset, as of a killed client.</summary>
    private static async Task CutAsync(ServeProcess server)
    {
        int before = GeneratedTokens(await server.Engine.IdleAsync());
        using (RawConnection connection = await RawConnection.OpenAsync(server.Url))
        {
            await connection.SendAsync(
                RawConnection.Post(
                    ApiClient.Completions,
                    $$"""{"prompt":"a","max_tokens":{{Tokens}},"ignore_eos":true}"""
                )
            );
            await server.Engine.HealthAsync(health => (int)health["running_sequences"]! > 0);
        }
        await RequireStopAsync(server, before);
    }

    /// <summary>The engine computes nothing any more, and has computed less than the request asked for.</summary>
    private static async Task RequireStopAsync(ServeProcess server, int before) =>
        Assert.InRange(GeneratedTokens(await server.Engine.IdleAsync()) - before, 0, Tokens - 1);

    private static int GeneratedTokens(JsonObject health) => (int)health["generated_tokens"]!;

    private static async Task SendAsync(ApiClient client, string path, string body, CancellationToken leave)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await client.Http.PostAsync(path, content, leave);
        await response.Content.ReadAsStringAsync(leave);
    }
}
