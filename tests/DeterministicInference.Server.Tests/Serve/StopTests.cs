using System.Net;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Native;
using Xunit;

namespace DeterministicInference.Server.Tests.Serve;

/// <summary>
/// How <c>serve</c> ends: running requests finish, the engine ends, no process is left, which is checked whenever a
/// <see cref="ServeProcess"/> ends.
/// </summary>
public sealed class StopTests
{
    private const int Tokens = 112;

    /// <summary>More than a stream of the slow model needs on a busy machine.</summary>
    private static readonly string[] Patient = ["--drain-timeout", "50s"];

    [Fact]
    public async Task SIGTERM_lets_a_stream_of_the_embedded_engine_end_complete()
    {
        await using ServeProcess server = await ServeProcess.EmbeddedAsync(TestModels.Slow, Patient);
        // Server, two guards, engine, and the file about them: the checks at the end see them.
        Assert.Equal(4, server.Family.Members.Count);
        Assert.Single(server.StateFiles);
        using EventStream stream = await OpenAsync(server, Tokens);
        JsonObject first = (await stream.ReadAsync())!;
        server.Terminate();
        await server.LineAsync("| Stopping (SIGTERM): 1 requests in flight may finish");
        await ClosedGateway.AwaitAsync(server.Url);
        await RequireCompleteAsync(first, stream);
        Assert.Equal(0, await server.WaitForExitAsync());
        Assert.Contains(
            server.Log.Lines,
            line =>
                line.Contains($"POST {ApiClient.Completions} 200 ", StringComparison.Ordinal)
                && line.Contains($"completion_tokens={Tokens} ", StringComparison.Ordinal)
        );
        Assert.EndsWith("| Stopped", server.Log.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_end_of_standard_input_does_the_same_although_nobody_reads_the_log()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            ["--backend", "embedded", "--model-path", TestModels.Slow, "--log-level", "DEBUG", .. Patient],
            readsOutput: false
        );
        await server.Api.AnswersAsync("/readyz", HttpStatusCode.OK, server);
        // More log lines than a pipe holds: a server that waits for a reader would be stuck now.
        for (int i = 0; i < 1000; i++)
            await server.Api.GetAsync("/livez");
        using EventStream stream = await OpenAsync(server, Tokens);
        JsonObject first = (await stream.ReadAsync())!;
        server.CloseInput();
        await ClosedGateway.AwaitAsync(server.Url);
        await RequireCompleteAsync(first, stream);
        Assert.Equal(0, await server.WaitForExitAsync());
    }

    [Fact]
    public async Task A_second_SIGTERM_ends_it_at_once_and_the_stream_visibly_broken()
    {
        // Minutes of work, with a long limit.
        await using ServeProcess server = await ServeProcess.EmbeddedAsync(
            TestModels.Slow,
            "--drain-timeout",
            "600s",
            "--stop-timeout",
            "600s"
        );
        using EventStream stream = await OpenAsync(server, 4000);
        Assert.NotNull(await stream.ReadAsync());
        server.Terminate();
        await server.LineAsync("| Stopping (SIGTERM)");
        server.Terminate();
        int code = await server.WaitForExitAsync();
        Assert.Equal(0, code);
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (await stream.ReadAsync() is not null) { }
        });
    }

    [Theory]
    [InlineData("embedded", "signal")]
    [InlineData("embedded", "input")]
    [InlineData("sglang", "signal")]
    [InlineData("sglang", "input")]
    public async Task An_idle_server_ends_at_once(string backend, string by)
    {
        await using ServeProcess server =
            backend == "sglang"
                ? await ServeProcess.SglangAsync([])
                : await ServeProcess.EmbeddedAsync(TestModels.Scripted);
        if (backend == "sglang")
            await server.ReadyAsync("SGLang server");
        if (by == "signal")
            server.Terminate();
        else
            server.CloseInput();
        Assert.Equal(0, await server.WaitForExitAsync());
        Assert.Contains(
            server.Log.Lines,
            line =>
                line.Contains(
                    by == "signal" ? "| Stopping (SIGTERM)" : "| Stopping (end of standard input)",
                    StringComparison.Ordinal
                )
        );
    }

    [Fact]
    public async Task A_server_whose_engine_is_not_ready_yet_ends_at_once()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync([], ("FAKE_WARMUP_MS", "-1"));
        await server.LineAsync("Uvicorn running on ");
        server.Terminate();
        Assert.Equal(0, await server.WaitForExitAsync());
    }

    [Fact]
    public async Task An_engine_that_ignores_SIGTERM_is_killed_after_the_grace()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync(
            ["--stop-timeout", "1s"],
            ("FAKE_IGNORE_SIGTERM", "1")
        );
        await server.ReadyAsync("SGLang server");
        server.Terminate();
        Assert.Equal(0, await server.WaitForExitAsync());
    }

    [Fact]
    public async Task Standard_input_that_is_no_pipe_of_an_owner_does_not_end_it()
    {
        await using ServeProcess server = await ServeProcess.SglangAsync(["--stop-on-stdin-eof", "off"]);
        await server.ReadyAsync("SGLang server");
        server.CloseInput();
        await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"x"}""");
    }

    [Fact]
    public async Task An_engine_that_is_killed_ends_the_server_with_the_reason()
    {
        await using ServeProcess server = await ServeProcess.EmbeddedAsync(TestModels.Scripted, "--max-restarts", "0");
        server.ExpectedExitCode = 1;
        server.Family.Signal(server.EngineIdentity, Libc.SigKill);
        Assert.Equal(1, await server.WaitForExitAsync());
        string reason = await server.LineAsync("| CRITICAL | deterministic_inference.server | ");
        Assert.Contains(
            "Embedded engine was ended by signal 9 (SIGKILL; if nobody sent it, the machine ran out of memory) "
                + "unexpectedly.",
            reason,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_stream_of_an_engine_that_is_killed_is_visibly_broken()
    {
        await using ServeProcess server = await ServeProcess.EmbeddedAsync(TestModels.Slow, "--max-restarts", "0");
        server.ExpectedExitCode = 1;
        Task<Reply> json = server.Api.PostAsync(ApiClient.Completions, Body(4000));
        using EventStream stream = await OpenAsync(server, 4000);
        Assert.NotNull(await stream.ReadAsync());
        server.Family.Signal(server.EngineIdentity, Libc.SigKill);
        JsonObject? last = null;
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (true)
                last = await stream.ReadAsync();
        });
        Assert.Equal("server_error", (string?)last!["error"]!["type"]);
        OpenAIErrors.Read(await json, HttpStatusCode.BadGateway, "server_error");
        Assert.Equal(1, await server.WaitForExitAsync());
    }

    private static string Body(int tokens) => $$"""{"prompt":"a","max_tokens":{{tokens}},"ignore_eos":true}""";

    private static Task<EventStream> OpenAsync(ServeProcess server, int tokens) =>
        server.Api.OpenAsync(
            ApiClient.Completions,
            Body(tokens)[..^1] + ""","return_token_ids":true,"stream":true,"stream_options":{"include_usage":true}}"""
        );

    private static async Task RequireCompleteAsync(JsonObject first, EventStream stream)
    {
        IReadOnlyList<JsonObject> rest = await stream.ReadToEndAsync();
        // Most of it came after the stop was asked for.
        Assert.True(rest.Count > 100);
        ChoiceText choice = Assert.Single(ChoiceText.Of((IReadOnlyList<JsonObject>)[first, .. rest]));
        Assert.Equal((Tokens, "length"), (choice.TokenIds.Split(',').Length, choice.Finish));
        Assert.Equal(Tokens, (int)rest[^1]["usage"]!["completion_tokens"]!);
    }
}
