using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Serve;

/// <summary>The steps of a stop and the time that each may take.</summary>
public sealed class StopDeadlineTests
{
    [Fact]
    public async Task Readiness_is_denied_before_the_gateway_closes_and_requests_are_still_accepted()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync(["--pre-stop-delay", "20s"]);
        await server.ReadyAsync("SGLang server");
        server.Terminate();
        string line = await server.LineAsync("| Stopping (SIGTERM)");
        Assert.EndsWith(
            "0 requests in flight may finish within 20 s + 30 s; the engine then has 30 s. A second signal stops at once",
            line,
            StringComparison.Ordinal
        );
        Reply ready = await server.Api.AnswersAsync("/readyz", HttpStatusCode.ServiceUnavailable, server);
        Assert.Equal("stopping", (string?)ready.Json["status"]);
        Assert.Equal(HttpStatusCode.OK, (await server.Api.GetAsync("/livez")).Status);
        // A new connection, as of a client that has not noticed the stop.
        using var late = new ApiClient(server.Url);
        await late.JsonAsync(ApiClient.Completions, """{"prompt":"late"}""");
        server.Terminate();
        Assert.Equal(0, await server.WaitForExitAsync());
    }

    [Fact]
    public async Task The_delay_ends_with_the_engine()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync(["--pre-stop-delay", "500s"]);
        await server.ReadyAsync("SGLang server");
        server.Terminate();
        await server.LineAsync("| Stopping (SIGTERM)");
        await Assert.ThrowsAsync<HttpRequestException>(() => server.Engine.PostAsync("/__fake/exit/0", ""));
        Assert.Equal(0, await server.WaitForExitAsync());
    }

    [Fact]
    public async Task Requests_that_take_longer_than_the_drain_are_aborted_and_logged()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync(["--drain-timeout", "1s"]);
        await server.ReadyAsync("SGLang server");
        using EventStream stream = await server.Api.OpenAsync(
            ApiClient.Completions,
            """{"prompt":"long","stream":true,"fake":{"gate":"never"}}"""
        );
        Assert.NotNull(await stream.ReadAsync());
        server.Terminate();
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (await stream.ReadAsync() is not null) { }
        });
        Assert.Equal(0, await server.WaitForExitAsync());
        await server.LineAsync(
            "| WARNING  | deterministic_inference.server | 1 requests did not finish in time and are aborted"
        );
    }

    [Fact]
    public async Task The_end_of_standard_input_followed_by_a_signal_is_one_request_to_stop()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync([]);
        await server.ReadyAsync("SGLang server");
        Task<JsonObject> answer = server.Api.JsonAsync(
            ApiClient.Completions,
            """{"prompt":"owner","fake":{"gate":"owner"}}"""
        );
        await server.Api.HealthAsync(health => (int)health["backend"]!["progress"]!["in_flight"]! == 1);
        server.CloseInput();
        await server.LineAsync("| Stopping (end of standard input)");
        server.Terminate();
        // The signal has arrived by the time that a second connection is refused or not; the request is unharmed either
        // way.
        await server.Engine.PostAsync("/__fake/gates/owner", "");
        Assert.NotNull((await answer)["choices"]);
        Assert.Equal(0, await server.WaitForExitAsync());
    }

    [Fact]
    public async Task The_engine_gets_one_SIGTERM_and_what_is_left_after_its_time_is_killed()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync(["--stop-timeout", "2s"]);
        await server.ReadyAsync("SGLang server");
        // Straight to the engine, so that the gateway is empty and the engine is not: it drains without limit, as
        // SGLang does.
        Task<Reply> direct = server.Engine.PostAsync(
            ApiClient.Completions,
            """{"prompt":"direct","fake":{"gate":"never"}}"""
        );
        await Limits.UntilAsync(
            async () => JsonNode.Parse((await server.Engine.GetAsync("/__fake/requests")).Body)!.AsArray().Count > 0,
            () => "the engine has no request"
        );
        server.Terminate();
        await Assert.ThrowsAsync<HttpRequestException>(() => direct);
        Assert.Equal(0, await server.WaitForExitAsync());
        Assert.Single(server.Log.Lines, line => line.Contains("Gracefully exiting...", StringComparison.Ordinal));
        await server.LineAsync("| SGLang server has ended with all of its processes");
    }
}
