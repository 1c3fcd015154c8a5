using System.Text.Json.Nodes;
using System.Threading.Channels;
using DeterministicInference.Server.Backends;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Receipts;
using DeterministicInference.Server.Tests.EndToEnd;
using DeterministicInference.Server.Tests.Proxy;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace DeterministicInference.Server.Tests.Backends;

/// <summary>An engine that ignores seeds, or does not repeat itself, is found out before it is ready.</summary>
public sealed class EngineSelfCheckTests
{
    private const string Good = """{"enable_deterministic_inference":true,"attention_backend":"fa3"}""";

    private const int Requests = 9;

    [Fact]
    public async Task An_engine_that_keeps_to_seeds_is_deterministic()
    {
        await using StubEngine engine = await StubEngine.StartAsync(Seeded, Good);
        (DeterminismVerdict verdict, LogLines log) = await AttachAsync(engine);
        Found.Is(verdict);
        Assert.Equal("Information deterministic_inference.backends.sglang Answers are deterministic: SGLang's deterministic mode, for one build on GPUs of one kind", Told(log));
        Assert.Contains(log.All, line => line.StartsWith("Debug deterministic_inference.backends.sglang Tried whether the engine keeps to seeds: 72 tokens, ", StringComparison.Ordinal));
        // Two seeds for each of several prompts, and one of them again; hot, short, and by the model's name.
        Assert.Equal(Requests, engine.Bodies.Count);
        Assert.Equal(Requests - 1, engine.Bodies.Select(body => $"{body["prompt"]} {body["seed"]}").Distinct().Count());
        Assert.All(engine.Bodies, body => Assert.Equal(("a-model", 8), ((string?)body["model"], (int)body["max_tokens"]!)));
        Assert.All(engine.Bodies, body => Assert.True((double)body["temperature"]! > 1));
    }

    [Fact]
    public async Task A_build_that_ignores_seeds_is_named()
    {
        await using StubEngine engine = await StubEngine.StartAsync((prompt, _, _) => Task.FromResult(StubEngine.Text(prompt)), Good);
        (DeterminismVerdict verdict, LogLines log) = await AttachAsync(engine);
        Found.Is(verdict, "Undermines seed_ignored: This build of SGLang server ignores the seeds of requests, as SGLang before 2025-12-19 does. Upgrade it.");
        Assert.StartsWith("Warning deterministic_inference.backends.sglang Answers are best-effort, not deterministic: This build of SGLang server ignores the seeds", Told(log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_prompt_whose_text_is_the_same_for_both_seeds_says_nothing()
    {
        await using StubEngine engine = await StubEngine.StartAsync((prompt, seed, _) => Task.FromResult(StubEngine.Text(prompt.StartsWith('1') ? "4, 5" : $"{prompt} {seed}")), Good);
        Found.Is((await AttachAsync(engine)).Verdict);
    }

    [Fact]
    public async Task An_engine_that_does_not_repeat_itself_is_found()
    {
        await using StubEngine engine = await StubEngine.StartAsync((prompt, seed, number) => Task.FromResult(StubEngine.Text(number < Requests ? $"{prompt} {seed}" : "other")), Good);
        Found.Is((await AttachAsync(engine)).Verdict, "Undermines not_repeated: SGLang server did not repeat itself: one request got two answers.");
    }

    [Theory]
    [InlineData("status", "/v1/completions answers 400")]
    [InlineData("json", "it gave no answer of the expected form")]
    [InlineData("text", "/v1/completions answers without a text")]
    [InlineData("choices", "/v1/completions answers without a text")]
    [InlineData("hang", "it did not answer within ")]
    public async Task An_engine_that_can_not_be_tried_is_ready_and_best_effort(string how, string reason)
    {
        await using StubEngine engine = await StubEngine.StartAsync(async (_, _, _) =>
        {
            if (how == "hang") await Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken);
            return how switch
            {
                "status" => Results.StatusCode(400),
                "json" => Results.Text("no"),
                "text" => Results.Text("""{"choices":[{"message":{"content":"x"}}]}"""),
                _ => Results.Text("""{"choices":[]}"""),
            };
        }, Good);
        (DeterminismVerdict verdict, _) = await AttachAsync(engine, options => options with { BackendStartupTimeout = TimeSpan.FromSeconds(2) });
        Found.Is(verdict, $"Undermines self_check_incomplete: Whether SGLang server keeps to seeds could not be tried: {reason}");
    }

    [Fact]
    public async Task Nothing_is_tried_without_determinism_or_with_another_engine()
    {
        await using StubEngine engine = await StubEngine.StartAsync(Seeded, Good);
        Found.Is((await AttachAsync(engine, options => options with { Determinism = "off" })).Verdict, "Undermines determinism_off");
        Found.Is((await AttachAsync(engine, options => options with { Backend = "vllm" })).Verdict, "Undermines arguments_unknown");
        Found.Is((await AttachAsync(engine, options => options with { Backend = "external" })).Verdict, "Undermines engine_unknown");
        Assert.Empty(engine.Bodies);
        Assert.All(engine.Requests, request => Assert.Equal("/health", request.Path));
    }

    [Fact]
    public async Task An_engine_that_does_not_say_how_it_was_started_is_best_effort()
    {
        await using StubEngine engine = await StubEngine.StartAsync(Seeded);
        Found.Is((await AttachAsync(engine)).Verdict, "Undermines arguments_unknown");
        Assert.Equal(["/get_server_info", "/health", "/server_info", "/v1/completions"], engine.Requests.Select(request => request.Path).Distinct().Order());
    }

    [Fact]
    public async Task Health_says_what_was_found()
    {
        await using StubEngine engine = await StubEngine.StartAsync((prompt, _, _) => Task.FromResult(StubEngine.Text(prompt)), """{"enable_deterministic_inference":true,"kv_cache_dtype":"fp8_e5m2"}""");
        await using Door door = await Door.StartAsync(engine.Url.ToString());
        door.Status.SetVerdict((await AttachAsync(engine)).Verdict);
        JsonNode health = (await door.Api.GetAsync("/health")).Json["determinism"]!;
        Assert.Equal("""{"class":"best-effort","reasons":["kv_cache_type","seed_ignored"]}""", health.ToJsonString());
        door.Status.SetVerdict(new DeterminismVerdict("because", [Finding.Note("a", "note")]));
        Assert.Equal("""{"class":"deterministic","reasons":[]}""", (await door.Api.GetAsync("/health")).Json["determinism"]!.ToJsonString());
    }

    [Fact]
    public async Task The_engines_key_is_shown_with_every_request_and_in_the_place_of_a_clients()
    {
        const string key = "sk-engine-1234567";
        await using StubEngine engine = await StubEngine.StartAsync(Seeded, Good, key);
        Func<InferenceOptions, InferenceOptions> keyed = options => options with { BackendApiKey = key };
        (DeterminismVerdict verdict, LogLines log) = await AttachAsync(engine, keyed);
        Found.Is(verdict);
        Assert.Equal(["/health", "/server_info", "/v1/completions"], engine.Requests.Select(request => request.Path).Distinct().Order());

        await using Door door = await Door.StartAsync(engine.Url.ToString(), keyed(Door.Options));
        using var request = new HttpRequestMessage(HttpMethod.Post, ApiClient.Completions) { Content = new StringContent("""{"prompt":"by a client"}""", null, "application/json") };
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer of-the-client");
        Reply reply = await door.Api.SendAsync(request);
        Assert.Equal("by a client 42", (string?)reply.Json["choices"]![0]!["text"]);
        Assert.All(engine.Requests, seen => Assert.Equal($"Bearer {key}", seen.Authorization));
        Assert.All(log.All.Concat(door.Log.All), line => Assert.DoesNotContain(key, line, StringComparison.Ordinal));

        Reply refused = await (await Door.StartAsync(engine.Url.ToString())).Api.PostAsync(ApiClient.Completions, """{"prompt":"x"}""");
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, refused.Status);
    }

    [Fact]
    public async Task An_attached_engine_that_comes_back_is_checked_again()
    {
        await using StubEngine engine = await StubEngine.StartAsync(Seeded, Good);
        var options = new InferenceOptions { BackendUrl = engine.Url, HangAfter = TimeSpan.FromSeconds(1), Receipts = "off" };
        var status = new BackendStatus(engine.Url);
        var log = new LineSignal();
        using ILoggerFactory loggers = LoggerFactory.Create(logging => logging.AddProvider(log));
        await using var supervisor = new BackendSupervisor(new SglangBackend(), options, Machines.With("9.0"), status, new EngineActivity(TimeProvider.System), new EnvironmentRegistry(null), TimeProvider.System, loggers);
        using var stop = new CancellationTokenSource();
        Task running = supervisor.RunAsync(stop.Token);
        await log.SeenAsync(" is ready");
        Assert.True(status.Verdict.IsDeterministic);

        engine.IsWell = false;
        await log.SeenAsync(" does not answer: ");
        engine.Report = """{"enable_deterministic_inference":false}""";
        engine.IsWell = true;
        await log.SeenAsync(" is ready");
        Found.Is(status.Verdict, "Undermines mode_off");
        await stop.CancelAsync();
        await running.Within();
    }

    private static Task<IResult> Seeded(string prompt, long seed, int number) => Task.FromResult(StubEngine.Text($"{prompt} {seed}"));

    /// <summary>The one line that tells the verdict.</summary>
    private static string Told(LogLines log) => Assert.Single(log.All, line => line.Contains(" Answers are ", StringComparison.Ordinal));

    /// <summary>Attaches to the engine as <c>serve</c> does, until it is ready.</summary>
    private static async Task<(DeterminismVerdict Verdict, LogLines Log)> AttachAsync(StubEngine engine, Func<InferenceOptions, InferenceOptions>? change = null)
    {
        var options = new InferenceOptions { BackendUrl = engine.Url, ModelPath = "org/a-model", Receipts = "off" };
        options = change?.Invoke(options) ?? options;
        var log = new LogLines();
        var signal = new LineSignal();
        using ILoggerFactory loggers = LoggerFactory.Create(logging => logging.AddProvider(log).AddProvider(signal).SetMinimumLevel(LogLevel.Debug));
        var status = new BackendStatus(engine.Url);
        Assert.Same(DeterminismVerdict.Pending, status.Verdict);
        await using var supervisor = new BackendSupervisor(
            BackendRegistry.Find(options.Backend)!, options, Machines.With("9.0"), status, new EngineActivity(TimeProvider.System), new EnvironmentRegistry(null),
            TimeProvider.System, loggers);
        using var stop = new CancellationTokenSource();
        Task running = supervisor.RunAsync(stop.Token);
        await signal.SeenAsync(" is ready");
        await stop.CancelAsync();
        await running.Within();
        return (status.Verdict, log);
    }

    /// <summary>Waits for lines of the log, each after the one before.</summary>
    private sealed class LineSignal : ILoggerProvider, ILogger
    {
        private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

        public async Task SeenAsync(string text)
        {
            while (!(await _lines.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().Within()).Contains(text, StringComparison.Ordinal))
            {
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Writer.TryWrite(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
