using Xunit;

namespace DeterministicInference.Server.Tests.Engines.Embedded;

/// <summary>One line per request in one format, with no client text except the path.</summary>
public sealed class EmbeddedLogTests
{
    private const string Line =
        @"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \| (DEBUG   |INFO    |WARNING |ERROR   |CRITICAL) \| deterministic_inference\.engine \| ";
    private const string AccessLogEntry =
        Line + @"[A-Z]+ /\S* [1-5]\d\d \d+\.\d ms prompt_tokens=\d+ completion_tokens=\d+ req_[0-9a-f]{24}$";

    [Fact]
    public async Task Every_line_has_the_format_and_none_has_content()
    {
        const string marker = "Xyzzy";
        EngineProcess engine = await EngineProcess.StartAsync(TestModels.Scripted, "--log-level", "debug");
        await using (engine)
        {
            string[] bodies =
            [
                $$"""{"prompt":"{{marker}}","max_tokens":3}""",
                $$"""{"prompt":"{{marker}}","max_tokens":3,"echo":true,"stream":true,"logprobs":2}""",
                $$"""{"prompt":"x","model":"{{marker}}","stop":"{{marker}}","user":"{{marker}}"}""",
                $$"""{"prompt":"x","temperature":"{{marker}}"}""",
                $$"""{"prompt":"x","{{marker}}":{{marker}}}""",
                "{\"prompt\":\"x\",\"logit_bias\":{\"" + marker + "\":1}}",
            ];
            foreach (string body in bodies)
                await engine.Api.PostAsync(ApiClient.Completions, body);
            await engine.Api.PostAsync(ApiClient.Chat, $$"""{"messages":[{"role":"user","content":"{{marker}}"}]}""");
            await engine.Api.PostAsync(ApiClient.Chat, $$"""{"messages":[{"role":"{{marker}}","content":"x"}]}""");
            await engine.Api.GetAsync("/health");
            await engine.Api.GetAsync($"/v1/models?{marker}");
        }
        Assert.Equal(1 + 6 + 4, engine.Log.Lines.Count);
        Assert.Matches(
            Line + @"Engine ready: model scripted at http://127\.0\.0\.1:\d+, \d+ threads, \w+, numerics \d+$",
            engine.Log.Lines[0]
        );
        Assert.All(engine.Log.Lines.Skip(1), line => Assert.Matches(AccessLogEntry, line));
        Assert.All(engine.Log.Lines, line => Assert.DoesNotContain(marker, line, StringComparison.OrdinalIgnoreCase));
        Assert.Contains(
            engine.Log.Lines,
            line =>
                line.Contains("| DEBUG    | deterministic_inference.engine | GET /health 200", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task The_id_in_the_answer_is_the_one_in_the_log_with_status_and_tokens()
    {
        await using EngineProcess engine = await EngineProcess.StartAsync(TestModels.Scripted);
        (Reply Reply, string Logged)[] replies =
        [
            (
                await engine.Api.PostAsync(ApiClient.Completions, """{"prompt":"abc","max_tokens":3}"""),
                "POST /v1/completions 200 * prompt_tokens=3 completion_tokens=3"
            ),
            (
                await engine.Api.PostAsync(
                    ApiClient.Chat,
                    """{"messages":[{"role":"user","content":"hi"}],"n":2,"stream":true}"""
                ),
                "POST /v1/chat/completions 200 * prompt_tokens=6 completion_tokens=32"
            ),
            (
                await engine.Api.PostAsync(ApiClient.Completions, "{}"),
                "POST /v1/completions 400 * prompt_tokens=0 completion_tokens=0"
            ),
            (await engine.Api.GetAsync("/nowhere"), "GET /nowhere 404 * prompt_tokens=0 completion_tokens=0"),
            (
                await engine.Api.GetAsync("/%0A2030-01-01%20forged"),
                "GET /%0A2030-01-01%20forged 404 * prompt_tokens=0 completion_tokens=0"
            ),
            (
                await engine.Api.GetAsync("/v1/models/%0A2030-01-01%20forged"),
                "GET /v1/models/{id} 404 * prompt_tokens=0 completion_tokens=0"
            ),
        ];
        Assert.Equal(replies.Length, replies.Select(reply => Id(reply.Reply)).Distinct().Count());
        foreach ((Reply reply, string logged) in replies)
        {
            string line = await engine
                .Log.FindAsync(line => line.EndsWith(Id(reply), StringComparison.Ordinal))
                .Within();
            Assert.Matches(AccessLogEntry, line);
            string[] parts = logged.Split('*');
            Assert.Contains($"| {parts[0]}", line, StringComparison.Ordinal);
            Assert.Contains(parts[1], line, StringComparison.Ordinal);
        }
        Assert.All(engine.Log.Lines, line => Assert.Matches(Line, line));

        static string Id(Reply reply) => Assert.Single(reply.Headers.GetValues("x-request-id"));
    }

    [Fact]
    public async Task Probes_and_requests_are_silent_above_their_level()
    {
        EngineProcess engine = await EngineProcess.StartAsync(TestModels.Scripted);
        await using (engine)
            await engine.Api.GetAsync("/health");
        Assert.DoesNotContain(engine.Log.Lines, line => line.Contains("/health", StringComparison.Ordinal));
    }
}
