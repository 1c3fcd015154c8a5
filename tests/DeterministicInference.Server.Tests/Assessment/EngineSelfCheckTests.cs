using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Server.Assessment;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.Sglang;
using DeterministicInference.Server.Receipts.Store;
using DeterministicInference.Server.Supervision;
using DeterministicInference.Server.Tests.Engines;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace DeterministicInference.Server.Tests.Assessment;

/// <summary>An engine that ignores seeds, or does not repeat itself, is detected before it is ready.</summary>
public sealed class EngineSelfCheckTests
{
    private const string Good = """{"enable_deterministic_inference":true,"attention_backend":"triton"}""";

    private const int Requests = 11;

    [Fact]
    public async Task An_engine_that_keeps_to_seeds_is_deterministic()
    {
        await using StubEngine engine = await StubEngine.StartAsync(Seeded, Good);
        engine.Answers["/v1/models"] = """{"data":[{"id":"a-model"}]}""";
        (EngineAssessment assessment, LogLines log) = await AttachAsync(engine);
        Found.Is(assessment);
        Assert.Equal(
            "Information deterministic_inference.backends.sglang Answers are deterministic: SGLang's deterministic "
                + "mode, for one build on GPUs of one kind",
            Told(log)
        );
        Assert.Contains(
            log.All,
            line =>
                line.StartsWith(
                    "Debug deterministic_inference.backends.sglang Tested whether the engine honours seeds: 88 "
                        + "tokens, ",
                    StringComparison.Ordinal
                )
        );
        // Two seeds for each of several prompts, one repetition, and a long prompt twice, with a high temperature, few
        // tokens and the model's name.
        Assert.Equal(Requests, engine.Bodies.Count);
        Assert.Equal(Requests - 2, engine.Bodies.Select(body => $"{body["prompt"]} {body["seed"]}").Distinct().Count());
        Assert.All(
            engine.Bodies,
            body => Assert.Equal(("a-model", 8), ((string?)body["model"], (int)body["max_tokens"]!))
        );
        Assert.All(engine.Bodies, body => Assert.True((double)body["temperature"]! > 1));
    }

    [Fact]
    public async Task A_build_that_ignores_seeds_is_named()
    {
        await using StubEngine engine = await StubEngine.StartAsync(
            (prompt, _, _) => Task.FromResult(StubEngine.Text(prompt)),
            Good
        );
        (EngineAssessment assessment, LogLines log) = await AttachAsync(engine);
        Found.Is(
            assessment,
            "Degrades seed_ignored: This build of SGLang server ignores the seeds of requests, as SGLang before "
                + "2025-12-19 does. Upgrade it."
        );
        Assert.StartsWith(
            "Warning deterministic_inference.backends.sglang Answers are best-effort, not deterministic: This build "
                + "of SGLang server ignores the seeds",
            Told(log),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task One_prompt_whose_text_is_the_same_for_both_seeds_says_nothing()
    {
        await using StubEngine engine = await StubEngine.StartAsync(
            (prompt, seed, _) => Task.FromResult(StubEngine.Text(prompt.StartsWith('1') ? "4, 5" : $"{prompt} {seed}")),
            Good
        );
        Found.Is((await AttachAsync(engine)).Assessment);
    }

    [Fact]
    public async Task An_engine_that_does_not_repeat_itself_is_found()
    {
        await using StubEngine engine = await StubEngine.StartAsync(
            (prompt, seed, number) =>
                Task.FromResult(StubEngine.Text(number < Requests - 2 ? $"{prompt} {seed}" : "other")),
            Good
        );
        Found.Is(
            (await AttachAsync(engine)).Assessment,
            "Degrades not_repeated: SGLang server gave two answers to one request."
        );
    }

    [Theory]
    [InlineData("text")]
    [InlineData("logprobs")]
    public async Task An_engine_whose_cache_changes_answers_is_found(string what)
    {
        ConcurrentDictionary<string, int> seen = new();
        await using StubEngine engine = await StubEngine.StartAsync(
            (prompt, seed, _) =>
            {
                // Of at least 64 words, as sgl-project/sglang#22819 is of at least 64 tokens.
                bool isCached =
                    prompt.Count(letter => letter == ' ') >= 64 && seen.AddOrUpdate(prompt, 1, (_, n) => n + 1) > 1;
                string text = isCached && what == "text" ? "other" : $"{prompt} {seed}";
                double logprob = isCached && what == "logprobs" ? -0.25000003 : -0.25;
                return Task.FromResult(
                    Results.Text(
                        new JsonObject
                        {
                            ["choices"] = new JsonArray(
                                new JsonObject
                                {
                                    ["text"] = text,
                                    ["logprobs"] = new JsonObject { ["token_logprobs"] = new JsonArray(logprob) },
                                }
                            ),
                        }.ToJsonString(),
                        "application/json"
                    )
                );
            },
            Good
        );
        Found.Is(
            (await AttachAsync(engine)).Assessment,
            "Degrades prefix_not_repeated: SGLang server gives another answer once the beginning of a prompt is in its cache."
        );
        // A cache of the first trial would make the second one blind.
        Found.Is(
            (await AttachAsync(engine)).Assessment,
            "Degrades prefix_not_repeated: SGLang server gives another answer once the beginning of a prompt is in its cache."
        );
    }

    [Theory]
    [InlineData("status", "/v1/completions answers 400")]
    [InlineData("json", "it gave no answer of the expected form")]
    [InlineData("text", "/v1/completions answers without a text")]
    [InlineData("choices", "/v1/completions answers without a text")]
    [InlineData("hang", "it did not answer within ")]
    public async Task An_engine_that_can_not_be_tried_is_ready_and_best_effort(string how, string reason)
    {
        await using StubEngine engine = await StubEngine.StartAsync(
            async (_, _, _) =>
            {
                if (how == "hang")
                    await Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken);
                return how switch
                {
                    "status" => Results.StatusCode(400),
                    "json" => Results.Text("no"),
                    "text" => Results.Text("""{"choices":[{"message":{"content":"x"}}]}"""),
                    _ => Results.Text("""{"choices":[]}"""),
                };
            },
            Good
        );
        (EngineAssessment assessment, _) = await AttachAsync(
            engine,
            options => how == "hang" ? options with { BackendStartupTimeout = TimeSpan.FromSeconds(2) } : options
        );
        Found.Is(
            assessment,
            $"Degrades self_check_incomplete: Whether SGLang server honours seeds could not be tested: {reason}"
        );
    }

    [Fact]
    public async Task Nothing_is_tried_without_determinism_or_with_another_engine()
    {
        await using StubEngine engine = await StubEngine.StartAsync(Seeded, Good);
        Found.Is(
            (await AttachAsync(engine, options => options with { Determinism = DeterminismMode.Off })).Assessment,
            "Degrades determinism_off"
        );
        Found.Is(
            (await AttachAsync(engine, options => options with { Backend = "vllm" })).Assessment,
            "Degrades arguments_unknown"
        );
        Found.Is(
            (await AttachAsync(engine, options => options with { Backend = "external" })).Assessment,
            "Degrades engine_unknown",
            "Degrades no_model_list"
        );
        Assert.Empty(engine.Bodies);
        Assert.All(engine.Requests, request => Assert.Contains(request.Path, (string[])["/health", "/v1/models"]));
    }

    [Theory]
    [InlineData("DeepseekV4ForCausalLM", "Degrades architecture_unproven")]
    [InlineData("LlamaForCausalLM")]
    public async Task A_model_that_is_not_on_this_machine_is_judged_by_what_the_engine_says_of_it(
        string architecture,
        params string[] found
    )
    {
        await using StubEngine engine = await StubEngine.StartAsync(Seeded, Good);
        engine.Answers["/model_info"] = $$"""{"model_path":"org/a-model","architectures":["{{architecture}}"]}""";
        Found.Is((await AttachAsync(engine)).Assessment, found);
    }

    [Fact]
    public async Task An_engine_that_does_not_say_how_it_was_started_is_best_effort()
    {
        await using StubEngine engine = await StubEngine.StartAsync(Seeded);
        Found.Is((await AttachAsync(engine)).Assessment, "Degrades arguments_unknown");
        Assert.Equal(
            [
                "/get_model_info",
                "/get_server_info",
                "/health",
                "/model_info",
                "/server_info",
                "/v1/completions",
                "/v1/models",
            ],
            engine.Requests.Select(request => request.Path).Distinct().Order()
        );
    }

    [Fact]
    public async Task Health_says_what_was_found()
    {
        await using StubEngine engine = await StubEngine.StartAsync(
            (prompt, _, _) => Task.FromResult(StubEngine.Text(prompt)),
            """{"enable_deterministic_inference":true,"kv_cache_dtype":"fp8_e5m2"}"""
        );
        await using RunningGateway gateway = await RunningGateway.StartAsync(engine.Url.ToString());
        gateway.Status.Set((await AttachAsync(engine)).Assessment);
        JsonNode health = (await gateway.Api.GetAsync("/health")).Json["determinism"]!;
        Assert.Equal(
            """{"class":"best-effort","reasons":["kv_cache_type","seed_ignored"],"pending":[]}""",
            health.ToJsonString()
        );
        EngineAssessment before = EngineAssessment.NotBegun with
        {
            Stage = AssessmentStage.BeforeLaunch,
            Findings = [Finding.Note("a", "note")],
            Pending = [new PendingCheck("whether it is so", ["b", "c"]), new PendingCheck("which", ["c"])],
        };
        gateway.Status.Set(before);
        Assert.Equal(
            """{"class":"not_checked","reasons":["not_checked"],"pending":["b","c"]}""",
            (await gateway.Api.GetAsync("/health")).Json["determinism"]!.ToJsonString()
        );
        gateway.Status.Set(before.With(Finding.Degrades("d", "speaks against it")));
        Assert.Equal(
            """{"class":"best-effort","reasons":["d"],"pending":["b","c"]}""",
            (await gateway.Api.GetAsync("/health")).Json["determinism"]!.ToJsonString()
        );
        gateway.Status.Set(before.Complete([], new Dictionary<string, EnvironmentFact>()));
        Assert.Equal(
            """{"class":"deterministic","reasons":[],"pending":[]}""",
            (await gateway.Api.GetAsync("/health")).Json["determinism"]!.ToJsonString()
        );
    }

    [Fact]
    public async Task The_engines_key_is_shown_with_every_request_and_in_the_place_of_a_clients()
    {
        const string key = "sk-engine-1234567";
        await using StubEngine engine = await StubEngine.StartAsync(Seeded, Good, key);
        Func<ServeOptions, ServeOptions> keyed = options => options with { BackendApiKey = key };
        (EngineAssessment assessment, LogLines log) = await AttachAsync(engine, keyed);
        Found.Is(assessment);
        Assert.Equal(
            ["/get_model_info", "/health", "/model_info", "/server_info", "/v1/completions", "/v1/models"],
            engine.Requests.Select(request => request.Path).Distinct().Order()
        );

        await using RunningGateway gateway = await RunningGateway.StartAsync(
            engine.Url.ToString(),
            keyed(RunningGateway.Options)
        );
        using HttpRequestMessage request = ApiClient.Post(ApiClient.Completions, """{"prompt":"by a client"}""");
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer of-the-client");
        Reply reply = await gateway.Api.SendAsync(request);
        Assert.Equal("by a client 42", (string?)reply.Json["choices"]![0]!["text"]);
        Assert.All(engine.Requests, seen => Assert.Equal($"Bearer {key}", seen.Authorization));
        Assert.All(log.All.Concat(gateway.Log.All), line => Assert.DoesNotContain(key, line, StringComparison.Ordinal));

        Reply refused = await (await RunningGateway.StartAsync(engine.Url.ToString())).Api.PostAsync(
            ApiClient.Completions,
            """{"prompt":"x"}"""
        );
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, refused.Status);
    }

    [Fact]
    public async Task An_attached_engine_that_comes_back_is_checked_again()
    {
        await using StubEngine engine = await StubEngine.StartAsync(Seeded, Good);
        var options = new ServeOptions
        {
            BackendUrl = engine.Url,
            HangAfter = TimeSpan.FromSeconds(1),
            Receipts = ReceiptMode.Off,
        };
        var writer = new EngineStatus.Writer(engine.Url);
        var log = new LogSignal();
        using ILoggerFactory loggers = LoggerFactory.Create(logging => logging.AddProvider(log));
        await using var supervisor = new EngineSupervisor(
            new SglangKind(),
            options,
            ServeKeys.Read(options),
            Machines.With("9.0"),
            writer,
            new EngineActivity(TimeProvider.System),
            new EnvironmentRegistry(null),
            TimeProvider.System,
            loggers
        );
        using var stop = new CancellationTokenSource();
        Task running = supervisor.RunAsync(stop.Token);
        await log.SeenAsync(" is ready");
        Assert.Equal("deterministic", writer.Status.Assessment.Class);

        engine.IsWell = false;
        await log.SeenAsync(" does not answer: ");
        engine.Report = """{"enable_deterministic_inference":false}""";
        engine.IsWell = true;
        await log.SeenAsync(" is ready");
        Found.Is(writer.Status.Assessment, "Degrades mode_off");
        await stop.CancelAsync();
        await running.Within();
    }

    private static Task<IResult> Seeded(string prompt, long seed, int number) =>
        Task.FromResult(StubEngine.Text($"{prompt} {seed}"));

    /// <summary>The single log line with the verdict.</summary>
    private static string Told(LogLines log) =>
        Assert.Single(log.All, line => line.Contains(" Answers are ", StringComparison.Ordinal));

    /// <summary>Attaches to the engine as <c>serve</c> does, until it is ready.</summary>
    private static async Task<(EngineAssessment Assessment, LogLines Log)> AttachAsync(
        StubEngine engine,
        Func<ServeOptions, ServeOptions>? change = null
    )
    {
        var options = new ServeOptions
        {
            Backend = "sglang",
            BackendUrl = engine.Url,
            ModelPath = "org/a-model",
            Receipts = ReceiptMode.Off,
        };
        options = change?.Invoke(options) ?? options;
        var log = new LogLines();
        var signal = new LogSignal();
        using ILoggerFactory loggers = LoggerFactory.Create(logging =>
            logging.AddProvider(log).AddProvider(signal).SetMinimumLevel(LogLevel.Debug)
        );
        var writer = new EngineStatus.Writer(engine.Url);
        Assert.Same(EngineAssessment.NotBegun, writer.Status.Assessment);
        await using var supervisor = new EngineSupervisor(
            EngineRegistry.BuiltIn.Of(options),
            options,
            ServeKeys.Read(options),
            Machines.With("9.0"),
            writer,
            new EngineActivity(TimeProvider.System),
            new EnvironmentRegistry(null),
            TimeProvider.System,
            loggers
        );
        using var stop = new CancellationTokenSource();
        Task running = supervisor.RunAsync(stop.Token);
        await signal.SeenAsync(" is ready");
        await stop.CancelAsync();
        await running.Within();
        return (writer.Status.Assessment, log);
    }
}
