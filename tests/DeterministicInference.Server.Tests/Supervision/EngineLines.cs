namespace DeterministicInference.Server.Tests.Supervision;

/// <summary>
/// Lines of engines at their ends. Those of vLLM and SGLang have the form of recorded ones and of reports that they
/// name, with fewer frames; those of llama-server b11434 are recorded.
/// </summary>
internal static class EngineLines
{
    /// <summary>A build for processors in the batch-invariant mode: the cause and its echoes.</summary>
    public const string VllmStart = """
        (APIServer pid=13044) INFO 11-28 19:34:43 [model.py:733] Resolved architecture: LlamaForCausalLM
        (EngineCore pid=13164) INFO 11-28 19:35:10 [core.py:133] Initializing a V1 LLM engine (v0.32.0)
        (EngineCore pid=13164) ERROR 11-28 19:35:12 [core.py:1114] EngineCore failed to start.
        (EngineCore pid=13164) ERROR 11-28 19:35:12 [core.py:1114] Traceback (most recent call last):
        (APIServer pid=13044) INFO 11-28 19:35:12 [launcher.py:12] another process writes in between
        (EngineCore pid=13164) ERROR 11-28 19:35:12 [core.py:1114]   File "/site/vllm/v1/engine/core.py", line 1088
        (EngineCore pid=13164) ERROR 11-28 19:35:12 [core.py:1114]     engine_core = EngineCoreProc(*args, **kwargs)
        (EngineCore pid=13164) ERROR 11-28 19:35:12 [core.py:1114]                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        (EngineCore pid=13164) ERROR 11-28 19:35:12 [core.py:1114]   File "/site/batch_invariant.py", line 621
        (EngineCore pid=13164) ERROR 11-28 19:35:12 [core.py:1114] TypeError: 'function' object is not subscriptable
        (EngineCore pid=13164) Process EngineCore:
        (EngineCore pid=13164) Traceback (most recent call last):
        (EngineCore pid=13164)   File "/usr/lib/python3.12/multiprocessing/process.py", line 314, in _bootstrap
        (EngineCore pid=13164)     self.run()
        (EngineCore pid=13164) TypeError: 'function' object is not subscriptable
        (APIServer pid=13044) Traceback (most recent call last):
        (APIServer pid=13044)   File "/site/bin/vllm", line 8, in <module>
        (APIServer pid=13044)     sys.exit(main())
        (APIServer pid=13044) RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}
        /usr/lib/python3.12/multiprocessing/resource_tracker.py:279: UserWarning: resource_tracker: There appear to be 1
        """;

    /// <summary>vllm-project/vllm's ModelConfig with a model that its transformers do not know.</summary>
    public const string VllmModel = """
        (APIServer pid=1) INFO 11-28 19:34:43 [api_utils.py:286] non-default args: {'model_tag': 'demo'}
        (APIServer pid=1) Traceback (most recent call last):
        (APIServer pid=1)   File "/site/vllm/engine/arg_utils.py", line 1380, in create_model_config
        (APIServer pid=1)     return ModelConfig(
        (APIServer pid=1)            ^^^^^^^^^^^^
        (APIServer pid=1) pydantic_core._pydantic_core.ValidationError: 1 validation error for ModelConfig
        (APIServer pid=1)   Value error, The checkpoint you are trying to load has model type `foo` but Transformers does not recognize this architecture.
        (APIServer pid=1)     For further information visit https://errors.pydantic.dev/2.12/v/value_error
        """;

    /// <summary>A request ends its engine process; the API server repeats it for each request in flight.</summary>
    public const string VllmDeath = """
        (EngineCore pid=13164) ERROR 11-28 19:41:02 [core.py:1123] EngineCore encountered a fatal error.
        (EngineCore pid=13164) ERROR 11-28 19:41:02 [core.py:1123] Traceback (most recent call last):
        (EngineCore pid=13164) ERROR 11-28 19:41:02 [core.py:1123]   File "/site/vllm/v1/engine/core.py", line 1114
        (EngineCore pid=13164) ERROR 11-28 19:41:02 [core.py:1123]     gen.set_offset(offset)
        (EngineCore pid=13164) ERROR 11-28 19:41:02 [core.py:1123] RuntimeError: CPU Generator does not use offset
        (APIServer pid=13044) ERROR 11-28 19:41:02 [async_llm.py:710] AsyncLLM output_handler failed.
        (APIServer pid=13044) ERROR 11-28 19:41:02 [async_llm.py:710] Traceback (most recent call last):
        (APIServer pid=13044) ERROR 11-28 19:41:02 [async_llm.py:710]   File "/site/vllm/v1/engine/async_llm.py", line 666
        (APIServer pid=13044) ERROR 11-28 19:41:02 [async_llm.py:710] vllm.v1.engine.exceptions.EngineDeadError: EngineCore encountered an issue. See stack trace (above) for the root cause.
        INFO:     Shutting down
        """;

    /// <summary>A scheduler's exception, which ends SGLang by its own SIGKILL.</summary>
    public const string SglangCrash = """
        [2026-11-28 20:01:10] Decode batch, #running-req: 1, #token: 26, token usage: 0.00
        [2026-11-28 20:01:11] Scheduler hit an exception: Traceback (most recent call last):
          File "/site/sglang/srt/managers/scheduler.py", line 4546, in run_scheduler_process
            scheduler.run_event_loop()
          File "/site/sglang/srt/layers/sampler.py", line 88, in forward
            raise ValueError(message)
        ValueError: logits have 3 rows where 4 are needed

        [2026-11-28 20:01:11] SIGQUIT received. signum=None, frame=None. It usually means one child failed.
        [2026-11-28 20:01:11] Sleeping 5 seconds before crash diagnostics to let GPU activity settle.
        [2026-11-28 20:01:16] kill_process_tree called: parent_pid=71581, include_parent=True, pid=71581
        """;

    /// <summary>An exception whose message has lines of advice (model_executor/cuda_graph_runner.py).</summary>
    public const string SglangHints = """
        [2026-11-28 20:01:11 TP0] Scheduler hit an exception: Traceback (most recent call last):
          File "/site/sglang/srt/managers/scheduler.py", line 4546, in run_scheduler_process
            scheduler = Scheduler(server_args)
        torch.OutOfMemoryError: CUDA out of memory.

        During handling of the above exception, another exception occurred:

        Traceback (most recent call last):
          File "/site/sglang/srt/model_executor/cuda_graph_runner.py", line 400, in __init__
            raise Exception(
        Exception: Capture cuda graph failed: CUDA out of memory. Tried to allocate 2.00 GiB
        Possible solutions:
        1. set --mem-fraction-static to a smaller value (e.g., 0.8 or 0.7)
        Open an issue on GitHub https://github.com/sgl-project/sglang/issues/new/choose

        [2026-11-28 20:01:11] Received sigquit from a child process. It usually means the child failed.
        """;

    /// <summary>A scheduler that a signal ends.</summary>
    public const string SglangChild = """
        [2026-08-10 09:47:36] Subprocess scheduler_0 (pid=3417555) crashed with exit code -3. Triggering SIGQUIT for cleanup...
        [2026-08-10 09:47:36] SIGQUIT received. signum=None, frame=None. It usually means one child failed.
        [2026-08-10 09:47:36] kill_process_tree called: parent_pid=3415995, include_parent=True, pid=3415995
        """;

    /// <summary>A file that is no model.</summary>
    public const string LlamaModel = """
        0.00.019.698 I srv    load_model: loading model '/models/bad.gguf'
        0.00.020.279 E gguf_init_from_reader: this GGUF file is version 1869767200 but this software only supports up to version 3
        0.00.020.410 E gguf_init_from_reader: failed to read header
        0.00.020.836 E llama_model_load: error loading model: llama_model_loader: failed to load model from /models/bad.gguf
        0.00.021.373 E srv    load_model: failed to load model, '/models/bad.gguf'
        0.00.021.376 I srv    operator(): operator(): cleaning up before exit...
        0.00.045.085 E srv  llama_server: exiting due to model loading error
        """;

    public const string LlamaSocket = """
        0.00.042.252 W srv  llama_server: security: no API key is set and CORS allows all origins
        0.00.042.446 E srv         start: couldn't bind HTTP server socket, hostname: /run/e.sock, port: 8080
        0.00.042.614 I srv    operator(): operator(): cleaning up before exit...
        0.00.043.053 E srv  llama_server: exiting due to HTTP server error
        """;

    /// <summary>GGML_ASSERT (ggml/src/ggml.c, ggml_abort).</summary>
    public const string LlamaAbort = """
        0.12.650.629 I slot launch_slot_: id  0 | task 4 | processing task, is_child = 0
        /build/ggml/src/ggml-backend.cpp:1512: GGML_ASSERT(n_inputs <= 10) failed
        """;

    /// <summary>An engine of which nothing is known.</summary>
    public const string PlainTraceback = """
        loading
        Traceback (most recent call last):
          File "serve.py", line 3, in <module>
            config["hidden_size"]
        KeyError: 'hidden_size'
        """;

    /// <summary>Errors of requests, which a running engine survives.</summary>
    public static string OfRequests(string engine) =>
        engine switch
        {
            "vllm" => """
                (APIServer pid=13044) ERROR 11-28 19:40:00 [serving.py:818] Error in preprocessing prompt inputs
                (APIServer pid=13044) ERROR 11-28 19:40:00 [serving.py:818] Traceback (most recent call last):
                (APIServer pid=13044) ERROR 11-28 19:40:00 [serving.py:818]   File "/site/vllm/serving.py", line 818
                (APIServer pid=13044) ERROR 11-28 19:40:00 [serving.py:818] ValueError: The decoder prompt is too long
                INFO:     127.0.0.1:5 - "POST /v1/completions HTTP/1.1" 400 Bad Request
                """,
            "llamacpp" => """
                0.12.650.680 E srv    send_error: task id = 4, error: request (602 tokens) exceeds the available context size
                0.12.650.711 W srv          stop: cancel task, id_task = 4
                """,
            _ => """
                [2026-11-28 19:55:29] Hit invalid regex: key_string='((((', e=RuntimeError('[19:55:29] /project/cpp/regex.cc:83')
                [2026-11-28 19:55:29] INFO:     127.0.0.1:39568 - "POST /v1/chat/completions HTTP/1.1" 400 Bad Request
                """,
        };
}
