namespace DeterministicInference.FakeBackend.Dialects;

/// <summary>SGLang's command line (server_args.py, July 2026).</summary>
internal static class SGLangFlags
{
    public static readonly ArgparseFlags Table = new(
        "launch_server.py",
        "[-h] --model-path MODEL_PATH [--host HOST] [--port PORT] ..."
    )
    {
        Switches =
        [
            "--enable-deterministic-inference",
            "--enable-metrics",
            "--disable-radix-cache",
            "--skip-server-warmup",
            "--enable-cache-report",
            "--trust-remote-code",
            "--incremental-streaming-output",
            "--return-input-ids",
            "--return-output-ids",
        ],
        Values =
        [
            "--model-path",
            "--tokenizer-path",
            "--host",
            "--config",
            "--port",
            "--attention-backend",
            "--sampling-backend",
            "--random-seed",
            "--served-model-name",
            "--api-key",
            "--admin-api-key",
            "--tp-size",
            "--dp-size",
            "--pp-size",
            "--nnodes",
            "--node-rank",
            "--dist-init-addr",
            "--log-level",
            "--log-level-http",
            "--stream-interval",
            "--chunked-prefill-size",
            "--sampling-defaults",
            "--weight-version",
            "--max-queued-requests",
            "--watchdog-timeout",
            "--tokenizer-worker-num",
            "--mem-fraction-static",
            "--context-length",
            "--dtype",
            "--quantization",
            "--kv-cache-dtype",
            "--revision",
            "--max-running-requests",
            "--chat-template",
        ],
        Aliases = new()
        {
            ["--model"] = "--model-path",
            ["--tp"] = "--tp-size",
            ["--tensor-parallel-size"] = "--tp-size",
            ["--data-parallel-size"] = "--dp-size",
            ["--pipeline-parallel-size"] = "--pp-size",
            ["--nccl-init-addr"] = "--dist-init-addr",
        },
        Numbers =
        [
            "--port",
            "--random-seed",
            "--tp-size",
            "--dp-size",
            "--pp-size",
            "--nnodes",
            "--node-rank",
            "--stream-interval",
            "--chunked-prefill-size",
            "--max-queued-requests",
            "--tokenizer-worker-num",
            "--context-length",
            "--max-running-requests",
        ],
    };

    /// <summary>Attention backends that the deterministic mode accepts.</summary>
    public static readonly HashSet<string> DeterministicAttention = ["ascend", "fa3", "fa4", "flashinfer", "triton"];
}
