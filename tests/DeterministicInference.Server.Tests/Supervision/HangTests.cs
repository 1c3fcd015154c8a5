using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Guard;
using Xunit;

namespace DeterministicInference.Server.Tests.Supervision;

/// <summary>An engine that hangs, and one that only seems to hang.</summary>
public sealed class HangTests
{
    private const int SigStop = 19,
        SigContinue = 18;

    private static readonly string[] Impatient = ["--hang-after", "1s"];

    [Fact]
    public async Task A_silent_request_is_never_cut_while_probes_pass_and_only_the_detail_mentions_it()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync([.. Impatient, "--hang-action", "restart"]);
        await server.ReadyAsync("SGLang server");
        Task<JsonObject> answer = server.Api.JsonAsync(
            ApiClient.Completions,
            """{"prompt":"silent","fake":{"gate":"long"}}"""
        );
        // Three times --hang-after, as the server itself counts it.
        JsonObject health = await server.Api.HealthAsync(health =>
            (double)health["backend"]!["progress"]!["silent_seconds"]! >= 3
        );
        Assert.Equal(
            ("healthy", "ready", 1),
            (
                (string?)health["status"],
                (string?)health["backend"]!["status"],
                (int)health["backend"]!["progress"]!["in_flight"]!
            )
        );
        Assert.Matches(
            "^no byte for ([3-9]|[1-9][0-9]+) s on any of 1 requests in flight; probes pass$",
            (string?)health["backend"]!["detail"]
        );
        Assert.Equal(HttpStatusCode.OK, (await server.Api.GetAsync("/readyz")).Status);
        await server.Engine.PostAsync("/__fake/gates/long", "");
        Assert.NotNull((await answer)["choices"]);
        health = (await server.Api.GetAsync("/health")).Json;
        Assert.Equal(
            (null, 0, 0),
            (
                (string?)health["backend"]!["detail"],
                (int)health["backend"]!["progress"]!["in_flight"]!,
                (int)health["backend"]!["restarts"]!
            )
        );
    }

    [Fact]
    public async Task An_engine_that_stands_still_is_unhealthy_and_reported_and_recovers()
    {
        await using ServeProcess server = await ServeProcess.EmbeddedAsync(TestModels.Scripted, Impatient);
        ProcessIdentity engine = server.EngineIdentity;
        server.Family.Signal(engine, SigStop);
        await server.LineAsync(
            "| WARNING  | deterministic_inference.backends.embedded | Embedded engine does not answer: /health does "
                + "not answer within 1 s; no sign of life for "
        );
        await server.LineAsync(
            "| ERROR    | deterministic_inference.backends.embedded | Embedded engine hangs: /health does not answer "
                + "within 1 s; no sign of life for "
        );
        Reply health = await server.Api.GetAsync("/health");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unhealthy"), (health.Status, (string?)health.Json["status"]));
        JsonNode error = OpenAIErrors.Read(
            await server.Api.PostAsync(ApiClient.Completions, """{"prompt":"a"}"""),
            HttpStatusCode.ServiceUnavailable,
            "server_error"
        );
        Assert.StartsWith(
            "The engine is unhealthy: /health does not answer within 1 s; no sign of life for ",
            (string?)error["message"],
            StringComparison.Ordinal
        );
        Assert.Equal(HttpStatusCode.OK, (await server.Api.GetAsync("/livez")).Status);
        // Reported, not restarted.
        server.Family.Signal(engine, SigContinue);
        await server.Api.AnswersAsync("/health", HttpStatusCode.OK, server);
        await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"a","max_tokens":1}""");
        Assert.Equal(engine, server.EngineIdentity);
    }

    [Fact]
    public async Task An_engine_that_stands_still_is_restarted_if_that_is_wanted_and_its_streams_break()
    {
        await using ServeProcess server = await ServeProcess.EmbeddedAsync(
            TestModels.Slow,
            [.. Impatient, "--hang-action", "restart", "--restart-delay", "0s"]
        );
        using EventStream stream = await server.Api.OpenAsync(
            ApiClient.Completions,
            """{"prompt":"a","max_tokens":4000,"ignore_eos":true,"stream":true}"""
        );
        Assert.NotNull(await stream.ReadAsync());
        ProcessIdentity engine = server.EngineIdentity;
        server.Family.Signal(engine, SigStop);
        await server.LineAsync("Embedded engine hangs: /health does not answer within 1 s; no sign of life for");
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (await stream.ReadAsync() is not null) { }
        });
        await server.LineAsync(" Restart 1 (at most 5) in 0.0 s; its last line: ");
        await server.Api.AnswersAsync("/readyz", HttpStatusCode.OK, server);
        Assert.NotEqual(engine, server.EngineIdentity);
        Assert.Equal(1, (int)(await server.Api.GetAsync("/health")).Json["backend"]!["restarts"]!);
        await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"a","max_tokens":1}""");
    }

    [Fact]
    public async Task An_engine_that_computes_nothing_behind_a_green_health_route_is_found_and_restarted()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync([
            .. Impatient,
            "--hang-action",
            "restart",
            "--restart-delay",
            "0s",
        ]);
        await server.ReadyAsync("SGLang server");
        using EventStream stream = await server.Api.OpenAsync(
            ApiClient.Completions,
            """{"prompt":"stuck","stream":true,"fake":{"gate":"never"}}"""
        );
        Assert.NotNull(await stream.ReadAsync());
        await server.Engine.PostAsync("/__fake/stick", "");
        Assert.Equal(HttpStatusCode.OK, (await server.Engine.GetAsync("/health")).Status);
        await server.LineAsync(
            "| ERROR    | deterministic_inference.backends.sglang | SGLang server hangs: /health_generate does not "
                + "answer within 1 s; no sign of life for "
        );
        Assert.Equal("server_error", (string?)(await stream.ReadAsync())!["error"]!["type"]);
        await Assert.ThrowsAnyAsync<IOException>(stream.ReadAsync);
        await server.LineAsync(" Restart 1 (at most 5) in 0.0 s; its last line: ");
        await server.Api.AnswersAsync("/readyz", HttpStatusCode.OK, server);
        await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"again"}""");
    }

    [Fact]
    public async Task Health_is_answered_from_memory_while_the_engines_own_never_answers()
    {
        const int streams = 64,
            probes = 500;
        await using ServeProcess server = await ServeProcess.SglangAsync(
            ["--hang-after", "1h"],
            ("FAKE_HEALTH_DELAY_MS", "1000")
        );
        await server.ReadyAsync("SGLang server");
        await server.Engine.PostAsync("/__fake/health-delay/-1", "");
        EventStream[] open = await Task.WhenAll(
            Enumerable
                .Range(0, streams)
                .Select(i =>
                    server.Api.OpenAsync(
                        ApiClient.Completions,
                        $$$"""{"prompt":"{{{i}}}","max_tokens":1000,"stream":true,"fake":{"gate":"health"}}"""
                    )
                )
        );
        // Half of the answers come while the streams stand, half while they run.
        var times = new List<double>();
        Task? running = null;
        for (int i = 0; i < probes; i++)
        {
            if (i == probes / 2)
            {
                await server.Engine.PostAsync("/__fake/gates/health", "");
                running = Task.WhenAll(open.Select(stream => stream.ReadToEndAsync()));
            }
            long began = Stopwatch.GetTimestamp();
            Reply health = await server.Api.GetAsync("/health");
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            Assert.Equal(HttpStatusCode.OK, health.Status);
            if (i == 0)
                Assert.Equal(streams, (int)health.Json["backend"]!["progress"]!["in_flight"]!);
        }
        await running!;
        foreach (EventStream stream in open)
            stream.Dispose();
        times.Sort();
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"/health, {probes} answers, {streams} streams: p50 {times[probes / 2]:F2} ms, p99 "
                + $"{times[probes * 99 / 100]:F2} ms, longest {times[^1]:F2} ms"
        );
    }
}
