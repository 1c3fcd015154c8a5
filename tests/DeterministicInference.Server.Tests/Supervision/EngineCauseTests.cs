using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.Embedded;
using DeterministicInference.Server.Engines.LlamaCpp;
using DeterministicInference.Server.Engines.Sglang;
using DeterministicInference.Server.Engines.Vllm;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Native;
using DeterministicInference.Server.Supervision;
using Microsoft.Extensions.Logging;
using Xunit;

namespace DeterministicInference.Server.Tests.Supervision;

/// <summary>
/// Why an engine ended, from the lines of real ones: vLLM 0.32.0 and older ones, SGLang 0.5.23 and older ones,
/// llama-server b11434.
/// </summary>
public sealed class EngineCauseTests : IDisposable
{
    private static readonly EngineExit Killed = new EngineExit.Signaled(Libc.SigKill);

    private readonly LogLines _log = new();
    private readonly ILoggerFactory _loggers;

    public EngineCauseTests() =>
        _loggers = LoggerFactory.Create(logging => logging.AddProvider(_log).SetMinimumLevel(LogLevel.Trace));

    public void Dispose() => _loggers.Dispose();

    [Theory]
    [InlineData("vllm", EngineLines.VllmStart, "TypeError: 'function' object is not subscriptable")]
    [InlineData(
        "vllm",
        EngineLines.VllmModel,
        "ValidationError: 1 validation error for ModelConfig: Value error, The checkpoint you are trying to load has "
            + "model type `foo` but Transformers does not recognize this architecture"
    )]
    [InlineData("vllm", "vllm: error: unrecognized arguments: --nope", "vllm: error: unrecognized arguments: --nope")]
    [InlineData("sglang", EngineLines.SglangCrash, "ValueError: logits have 3 rows where 4 are needed")]
    [InlineData(
        "sglang",
        EngineLines.SglangHints,
        "Exception: Capture cuda graph failed: CUDA out of memory. Tried to allocate 2.00 GiB"
    )]
    [InlineData(
        "sglang",
        EngineLines.SglangChild,
        "Subprocess scheduler_0 (pid=3417555) crashed with exit code -3. Triggering SIGQUIT for cleanup"
    )]
    [InlineData(
        "llamacpp",
        EngineLines.LlamaModel,
        "gguf_init_from_reader: this GGUF file is version 1869767200 but this software only supports up to version 3"
    )]
    [InlineData("llamacpp", "error: invalid argument: --nope", "error: invalid argument: --nope")]
    [InlineData(
        "llamacpp",
        EngineLines.LlamaSocket,
        "srv start: couldn't bind HTTP server socket, hostname: /run/e.sock, port: 8080"
    )]
    [InlineData("acme", EngineLines.PlainTraceback, "KeyError: 'hidden_size'")]
    [InlineData("acme", "nothing that is known", null)]
    public void The_cause_of_a_failed_start_is_its_first_error(string engine, string lines, string? cause)
    {
        EngineOutput output = Print(engine, lines);
        Assert.Equal(cause, output.Cause);
        Assert.Equal(
            $"exited with code 1 before it was ready{(cause is null ? "" : $": {cause}")}.",
            output.Explain(new EngineExit.Exited(1), "before it was ready")
        );
    }

    [Theory]
    [InlineData("vllm", EngineLines.VllmDeath, "RuntimeError: CPU Generator does not use offset")]
    [InlineData("sglang", EngineLines.SglangCrash, "ValueError: logits have 3 rows where 4 are needed")]
    [InlineData(
        "llamacpp",
        EngineLines.LlamaAbort,
        "/build/ggml/src/ggml-backend.cpp:1512: GGML_ASSERT(n_inputs <= 10) failed"
    )]
    public void Errors_of_the_start_and_of_requests_are_no_cause_of_a_later_end(
        string engine,
        string lines,
        string cause
    )
    {
        EngineOutput output = Print(engine, EngineLines.VllmStart + "\n" + EngineLines.LlamaModel);
        output.BecameReady();
        Assert.Null(output.Cause);
        Print(output, EngineLines.OfRequests(engine));
        Assert.Null(output.Cause);
        Print(output, lines);
        Assert.Equal(cause, output.Cause);
    }

    [Fact]
    public void An_error_that_a_running_engine_has_survived_is_forgotten()
    {
        EngineOutput output = Create("sglang");
        output.BecameReady();
        Print(output, EngineLines.SglangCrash.Replace("ValueError", "OldError", StringComparison.Ordinal));
        for (int i = 0; i < 600; i++)
            output.Add($"[2026-11-28 20:00:00] Decode batch, #running-req: {i}");
        Assert.Null(output.Cause);
        Print(output, EngineLines.SglangCrash);
        Assert.StartsWith("ValueError", output.Cause, StringComparison.Ordinal);
    }

    [Fact]
    public void SGLang_that_kills_itself_has_not_run_out_of_memory()
    {
        EngineOutput output = Print("sglang", EngineLines.SglangCrash);
        Assert.Equal(
            "ended itself unexpectedly: ValueError: logits have 3 rows where 4 are needed.",
            output.Explain(Killed, "unexpectedly")
        );
    }

    /// <summary>Whoever is killed writes nothing about it: an error before it is another one.</summary>
    [Fact]
    public void An_engine_that_somebody_else_kills_may_have_run_out_of_memory()
    {
        foreach (string engine in (string[])["vllm", "sglang", "llamacpp"])
        {
            EngineOutput output = Print(
                engine,
                engine == "vllm" ? EngineLines.VllmDeath : EngineLines.OfRequests(engine)
            );
            Assert.Equal(
                "was ended by signal 9 (SIGKILL; if nobody sent it, the machine ran out of memory) unexpectedly.",
                output.Explain(Killed, "unexpectedly")
            );
        }
    }

    [Theory]
    [InlineData("vllm", "(EngineCore pid=7) ERROR 11-28 19:35:10 [core.py:9] EngineCore encountered a fatal error.")]
    [InlineData("vllm", "(APIServer pid=7) ERROR 11-28 19:35:10 [async_llm.py:480] AsyncLLM output_handler failed.")]
    [InlineData(
        "vllm",
        "(APIServer pid=7) ERROR 11-28 19:35:10 [core_client.py:664] Engine core proc EngineCore_DP0 died unexpectedly, "
            + "shutting down client."
    )]
    [InlineData(
        "vllm",
        "(APIServer pid=1) ERROR 10-20 03:20:50 [async_llm.py:485[] vllm.v1.engine.exceptions.EngineDeadError: EngineCore "
            + "encountered an issue. See stack trace (above) for the root cause."
    )]
    [InlineData(
        "sglang",
        "[2026-08-10 09:47:36] Subprocess scheduler_0 (pid=34) crashed with exit code -3. Triggering"
    )]
    [InlineData("sglang", "[2026-08-10 09:47:36] SIGQUIT received. signum=None, frame=None. It usually means one")]
    [InlineData("sglang", "[2026-08-10 09:47:36 TP1] Scheduler hit an exception: Traceback (most recent call last):")]
    [InlineData("sglang", "[2025-08-04 10:10:06] Received sigquit from a child process. It usually means the child")]
    public void An_engine_says_that_it_is_ending(string engine, string line)
    {
        EngineOutput output = Create(engine);
        output.BecameReady();
        output.Add("an ordinary line");
        Assert.False(output.Ending.IsCompleted);
        output.Add(line);
        Assert.True(output.Ending.IsCompletedSuccessfully);
        output.BecameReady();
        Assert.False(output.Ending.IsCompleted);
    }

    /// <summary>An engine may log requests, and then anybody writes into its lines.</summary>
    [Theory]
    [InlineData("sglang", "[2026-11-28 19:52:52] Receive: obj=GenerateReqInput(text='SIGQUIT received. signum=None')")]
    [InlineData("sglang", "[2026-11-28 19:52:52] Receive: text='[2026-11-28 19:52:52] SIGQUIT received. signum=None'")]
    [InlineData(
        "vllm",
        "(APIServer pid=7) INFO 11-28 19:35:10 [logger.py:1] Received request: prompt: 'EngineDeadError'"
    )]
    [InlineData("llamacpp", "0.03.966.930 I slot  launch_slot_: prompt: 'SIGQUIT received. EngineDeadError'")]
    public void A_request_in_the_engines_log_ends_nothing(string engine, string line)
    {
        EngineOutput output = Create(engine);
        output.BecameReady();
        output.Add(line);
        // The rest of a line too long begins anywhere in the request.
        output.Add(new string('x', LineSplitter.LongestLine));
        output.Add("[2026-11-28 19:52:52] SIGQUIT received. signum=None");
        Assert.False(output.Ending.IsCompleted);
    }

    [Theory]
    [InlineData(
        "vllm",
        "(APIServer pid=1) WARNING 11-28 19:34:43 [system_utils.py:255] Found ulimit",
        LogLevel.Warning
    )]
    [InlineData("vllm", "ERROR 11-28 19:34:43 [x.py:2] without a process", LogLevel.Error)]
    [InlineData("vllm", "CRITICAL 11-28 19:34:43 [x.py:2] the server's own level", LogLevel.Error)]
    [InlineData("vllm", "DEBUG 11-28 19:34:43 [x.py:2] text", LogLevel.Debug)]
    [InlineData("vllm", "INFO:     Application startup complete.", LogLevel.Information)]
    [InlineData("vllm", "INFO:     127.0.0.1:5 - \"POST /v1/completions HTTP/1.1\" 200 OK", LogLevel.Debug)]
    [InlineData("vllm", "INFO:      - \"GET /health HTTP/1.1\" 200 OK", LogLevel.Debug)]
    [InlineData(
        "vllm",
        "(APIServer pid=1) INFO 11-28 19:36:45 [launcher.py:195] Route: /docs, Methods: GET",
        LogLevel.Debug
    )]
    [InlineData("sglang", "[2026-11-28 19:54:05] Load weight begin. avail mem=11.12 GB", LogLevel.Information)]
    [InlineData("sglang", "[2026-11-28 19:54:05 TP0 EP1] Prefill batch, #new-seq: 1", LogLevel.Debug)]
    [InlineData(
        "sglang",
        "[2026-11-28 19:54:12] INFO:     1.1.1.1:9 - \"POST /generate HTTP/1.1\" 200 OK",
        LogLevel.Debug
    )]
    [InlineData("sglang", "[2026-11-28 19:54:12] ERROR:    Exception in ASGI application", LogLevel.Error)]
    [InlineData("sglang", "[2026-11-28 19:54:12] server_args={'model_path': 'x'}", LogLevel.Debug)]
    [InlineData(
        "sglang",
        "[2026-11-28 19:54:03] Ignore import error when loading sglang.srt.models.grok: x",
        LogLevel.Debug
    )]
    [InlineData("sglang", "nanobind: leaked 3 instances!", LogLevel.Debug)]
    [InlineData("sglang", " - leaked instance 0x7f21 of type \"xgrammar.CompiledGrammar\"", LogLevel.Debug)]
    [InlineData("sglang", "nanobind: leaked 2 types!", LogLevel.Debug)]
    [InlineData("sglang", "leaked, says a model", LogLevel.Information)]
    [InlineData("llamacpp", "0.00.017.910 W srv  llama_server: security: no API key is set", LogLevel.Warning)]
    [InlineData("llamacpp", "0.12.085.928 I slot get_availabl: id  0 | task -1 | selected slot", LogLevel.Debug)]
    [InlineData("llamacpp", "0.00.020.410 E gguf_init_from_reader: failed to read header", LogLevel.Error)]
    [InlineData("acme", "ERROR whatever", LogLevel.Information)]
    public void A_line_keeps_its_level_and_those_of_requests_are_for_DEBUG(string engine, string line, LogLevel level)
    {
        Print(engine, line);
        Assert.Equal($"{level} deterministic_inference.backends.x.engine {line}", Assert.Single(_log.All));
    }

    [Fact]
    public void Every_line_of_an_error_has_its_level_and_long_lines_are_for_DEBUG()
    {
        Print("sglang", EngineLines.SglangCrash + "\n[2026-11-28 20:00:00] " + new string('y', 5000));
        string[] levels = [.. _log.All.Select(line => line.Split(' ')[0])];
        Assert.Equal("Debug", levels[^1]);
        // The traceback, and that a child has failed.
        Assert.Equal(7, levels.Count(level => level == "Error"));
    }

    /// <summary>All lines of real starts, which lie beside the repository.</summary>
    [Theory]
    [InlineData("vllm", 10, 60)]
    [InlineData("sglang", 0, 40)]
    public void The_start_of_a_real_engine_has_few_lines_for_an_operator(string engine, int warnings, int mostInfo)
    {
        string file = Path.Combine(RecordedEngines.Folder, engine, "start.log");
        Assert.SkipUnless(File.Exists(file), "skipped: needs recordings of real engines beside the repository");
        EngineOutput output = Print(engine, File.ReadAllText(file));
        Assert.Null(output.Cause);
        Assert.False(output.Ending.IsCompleted);
        string[] levels = [.. _log.All.Select(line => line.Split(' ')[0])];
        Assert.Equal(warnings, levels.Count(level => level == "Warning"));
        Assert.DoesNotContain("Error", levels);
        Assert.InRange(levels.Count(level => level == "Information"), 10, mostInfo);
        Assert.DoesNotContain(
            _log.All,
            line => line.StartsWith("Information", StringComparison.Ordinal) && line.Length > 4200
        );
    }

    [Fact]
    public void Progress_is_the_text_of_the_last_line_that_is_not_chatter()
    {
        EngineOutput output = Create("sglang");
        Assert.Null(output.Phase);
        Print(
            output,
            "[2026-11-28 19:54:05] Load weight begin. avail mem=11.12 GB\n[2026-11-28 19:54:06] Prefill batch"
        );
        Assert.Equal("Load weight begin. avail mem=11.12 GB", output.Phase);
        output.Add($"[2026-11-28 19:54:07] {new string('p', 300)}");
        Assert.Equal(120, output.Phase!.Length);
        output.BeginEngine();
        Assert.Null(output.Phase);
    }

    [Fact]
    public void Of_a_progress_bar_the_log_has_the_last_line()
    {
        const string logged = "Information deterministic_inference.backends.x.engine ";
        EngineOutput output = Create("vllm");
        Print(
            output,
            "Loading safetensors checkpoint shards:   0% Completed | 0/2 [00:00<?, ?it/s]\n"
                + "Loading safetensors checkpoint shards:  50% Completed | 1/2 [00:01<00:01,  1.35it/s]\n"
                + "Loading safetensors checkpoint shards: 100% Completed | 2/2 [00:02<00:00,  1.35it/s]\n"
                + "Capturing batches (bs=8 avail_mem=70.1 GB):  35%|███▍      | 8/23 [00:04<00:08,  1.9it/s]\n"
                + "(EngineCore pid=13164) INFO 11-28 19:35:10 [core.py:133] 50% | of the memory is used"
        );
        Assert.Equal(
            [
                "Loading safetensors checkpoint shards: 100% Completed | 2/2 [00:02<00:00,  1.35it/s]",
                "(EngineCore pid=13164) INFO 11-28 19:35:10 [core.py:133] 50% | of the memory is used",
            ],
            _log.All.Where(line => line.StartsWith(logged, StringComparison.Ordinal))
                .Select(line => line[logged.Length..])
        );
    }

    [Fact]
    public void A_progress_bar_is_the_phase_while_it_grows()
    {
        EngineOutput output = Create("sglang");
        output.Add("Capturing batches (bs=8 avail_mem=70.1 GB):  35%|███▍      | 8/23 [00:04<00:08,  1.9it/s]");
        Assert.StartsWith("Capturing batches (bs=8", output.Phase, StringComparison.Ordinal);
    }

    private EngineOutput Create(string engine) =>
        new(
            _loggers,
            "deterministic_inference.backends.x.engine",
            SecretMask.Of(new ServeOptions(), ServeKeys.Read(new ServeOptions()), new Dictionary<string, string>()),
            RulesOf(engine),
            isOwnProgram: false
        );

    private EngineOutput Print(string engine, string lines)
    {
        EngineOutput output = Create(engine);
        Print(output, lines);
        return output;
    }

    private static void Print(EngineOutput output, string lines)
    {
        foreach (string line in lines.Split('\n'))
            output.Add(line.TrimEnd('\r'));
    }

    private static EngineOutputRules RulesOf(string engine) =>
        engine switch
        {
            "vllm" => VllmOutput.Rules,
            "sglang" => SglangOutput.Rules,
            "llamacpp" => LlamaCppOutput.Rules,
            "embedded" => EmbeddedOutput.Rules,
            _ => EngineOutputRules.Generic,
        };
}
