using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Supervision;

/// <summary>An engine that crashes too often.</summary>
public sealed class CrashLoopTests
{
    private static readonly string[] Twice = ["--max-restarts", "2", "--restart-delay", "0s"];

    [Fact]
    public async Task Too_many_crashes_end_the_server_with_code_1_and_the_engines_last_lines()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync(Twice);
        server.ExpectedExitCode = 1;
        await CrashUntilGivenUpAsync(server);
        Assert.Equal(1, await server.WaitForExitAsync());
        string[] lines = [.. server.Log.Lines];
        int reason = Array.FindIndex(
            lines,
            line => line.Contains("| CRITICAL | deterministic_inference.server | ", StringComparison.Ordinal)
        );
        Assert.EndsWith(
            "SGLang server exited with code 7 unexpectedly. It is not restarted: more "
                + "than 2 crashes within 600 s (--max-restarts, --restart-window).",
            lines[reason],
            StringComparison.Ordinal
        );
        Assert.Equal("    The engine's last lines:", lines[reason + 1]);
        Assert.Contains(lines[(reason + 2)..], line => line.Contains("Uvicorn running on ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_stays_answers_503_with_the_reason_until_it_is_stopped()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync([.. Twice, "--on-failed", "stay"]);
        await CrashUntilGivenUpAsync(server);
        await server.LineAsync("| Staying (--on-failed stay)");
        Reply health = await server.Api.GetAsync("/health");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "failed"), (health.Status, (string?)health.Json["status"]));
        Assert.StartsWith(
            "SGLang server exited with code 7 unexpectedly. It is not restarted",
            (string?)health.Json["backend"]!["detail"],
            StringComparison.Ordinal
        );
        Assert.Equal(2, (int)health.Json["backend"]!["restarts"]!);
        Reply reply = await server.Api.PostAsync(
            ApiClient.Chat,
            """{"messages":[{"role":"user","content":"x"}],"stream":true}"""
        );
        JsonNode error = OpenAIErrors.Read(reply, HttpStatusCode.ServiceUnavailable, "server_error");
        Assert.StartsWith(
            "The engine is failed: SGLang server exited with code 7",
            (string?)error["message"],
            StringComparison.Ordinal
        );
        Assert.Equal("5", Assert.Single(reply.Headers.GetValues("Retry-After")));
        Assert.Equal(HttpStatusCode.OK, (await server.Api.GetAsync("/livez")).Status);
        // Only the server is left, and it ends with code 0 on SIGTERM.
        Assert.Single(server.Family.Members);
    }

    [Fact]
    public async Task A_start_that_fails_after_a_crash_counts_as_a_crash()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync([
            "--max-restarts",
            "1",
            "--restart-delay",
            "5s",
        ]);
        server.ExpectedExitCode = 1;
        await server.ReadyAsync("SGLang server");
        // The present holder of the port is not this server's engine.
        int port = new Uri(server.EngineUrl).Port;
        await CrashAsync(server);
        using var other = new System.Net.Sockets.TcpListener(IPAddress.Loopback, port);
        await ListenAsync(other);
        Assert.Equal(1, await server.WaitForExitAsync());
        string reason = await server.LineAsync("| CRITICAL | deterministic_inference.server | ");
        Assert.Contains(" It is not restarted: more than 1 crashes within 600 s", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_the_restart_is_awaited_health_and_requests_say_so()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync([
            "--restart-delay",
            "100s",
            "--restart-delay-max",
            "100s",
        ]);
        await server.ReadyAsync("SGLang server");
        await CrashAsync(server);
        // Until its end is noticed, an engine that is gone is an unhealthy one.
        await server.Api.HealthAsync(health => (string?)health["status"] == "restarting");
        Reply health = await server.Api.GetAsync("/health");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, health.Status);
        Assert.Equal("restarting", (string?)health.Json["backend"]!["status"]);
        Assert.Matches(
            "^SGLang server exited with code 7 unexpectedly\\. Start 1 follows in [0-9]+ s\\.$",
            (string?)health.Json["backend"]!["detail"]
        );
        Reply reply = await server.Api.PostAsync(ApiClient.Completions, """{"prompt":"x"}""");
        Assert.StartsWith(
            "The engine is restarting: SGLang server exited with code 7",
            (string?)OpenAIErrors.Read(reply, HttpStatusCode.ServiceUnavailable, "server_error")["message"],
            StringComparison.Ordinal
        );
        // 75 to 100 s, less what has passed: clients need not retry earlier.
        Assert.InRange(int.Parse(Assert.Single(reply.Headers.GetValues("Retry-After")), null), 6, 100);
    }

    private static async Task CrashUntilGivenUpAsync(ServeProcess server)
    {
        for (int crash = 1; crash <= 3; crash++)
        {
            int ready = 0;
            await server
                .Log.FindAsync(line =>
                    line.EndsWith("| SGLang server is ready", StringComparison.Ordinal) && ++ready == crash
                )
                .Within();
            await CrashAsync(server);
        }
    }

    /// <summary>Its connection breaks with it.</summary>
    private static async Task CrashAsync(ServeProcess server) =>
        await Assert.ThrowsAsync<HttpRequestException>(() => server.Engine.PostAsync("/__fake/exit/7", ""));

    /// <summary>Listens as soon as the engine has released the port.</summary>
    private static Task ListenAsync(System.Net.Sockets.TcpListener listener) =>
        Limits.UntilAsync(
            () =>
            {
                try
                {
                    listener.Start();
                    return true;
                }
                catch (System.Net.Sockets.SocketException)
                {
                    return false;
                }
            },
            () => "the port is in use"
        );
}
