namespace DeterministicInference.FakeBackend;

/// <summary>
/// The part of SGLang's command line (server_args.py, July 2026) that a launcher is likely to use, and no more: what is
/// not here is refused, as argparse refuses what it does not know.
/// </summary>
internal static class SGLangFlags
{
    /// <summary>Flags that stand alone.</summary>
    public static readonly HashSet<string> Switches =
    [
        "--enable-deterministic-inference", "--enable-metrics", "--disable-radix-cache", "--skip-server-warmup",
        "--enable-cache-report", "--trust-remote-code", "--incremental-streaming-output",
    ];

    /// <summary>Flags with one value.</summary>
    public static readonly HashSet<string> Values =
    [
        "--model-path", "--tokenizer-path", "--host", "--port", "--attention-backend", "--sampling-backend", "--random-seed",
        "--served-model-name", "--api-key", "--admin-api-key", "--tp-size", "--dp-size", "--pp-size", "--nnodes", "--node-rank",
        "--dist-init-addr", "--log-level", "--log-level-http", "--stream-interval", "--chunked-prefill-size", "--sampling-defaults",
        "--weight-version", "--max-queued-requests", "--watchdog-timeout", "--tokenizer-worker-num", "--mem-fraction-static",
        "--context-length", "--dtype", "--quantization", "--revision", "--max-running-requests",
    ];

    /// <summary>Other spellings.</summary>
    public static readonly Dictionary<string, string> Aliases = new()
    {
        ["--model"] = "--model-path",
        ["--tensor-parallel-size"] = "--tp-size",
        ["--data-parallel-size"] = "--dp-size",
        ["--pipeline-parallel-size"] = "--pp-size",
        ["--nccl-init-addr"] = "--dist-init-addr",
    };

    /// <summary>Attention backends that the deterministic mode accepts.</summary>
    public static readonly HashSet<string> DeterministicAttention = ["ascend", "fa3", "fa4", "flashinfer", "triton"];

    /// <summary>Flags whose value is a whole number.</summary>
    public static readonly HashSet<string> Numbers =
    [
        "--port", "--random-seed", "--tp-size", "--dp-size", "--pp-size", "--nnodes", "--node-rank", "--stream-interval",
        "--chunked-prefill-size", "--max-queued-requests", "--tokenizer-worker-num", "--context-length", "--max-running-requests",
    ];
}
