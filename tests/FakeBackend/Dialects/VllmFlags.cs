namespace DeterministicInference.FakeBackend.Dialects;

/// <summary>The command line of <c>vllm serve</c> (May 2026).</summary>
internal static class VllmFlags
{
    public static readonly ArgparseFlags Table = new("vllm serve", "[model_tag] [options]")
    {
        Switches =
        [
            "--enable-prefix-caching",
            "--no-enable-prefix-caching",
            "--enforce-eager",
            "--no-enforce-eager",
            "--trust-remote-code",
            "--no-trust-remote-code",
            "--enable-chunked-prefill",
            "--no-enable-chunked-prefill",
            "--enable-expert-parallel",
            "--disable-log-stats",
            "--enable-log-requests",
            "--no-enable-log-requests",
            "--enable-request-id-headers",
            "--enable-auto-tool-choice",
            "--disable-cascade-attn",
            "--disable-custom-all-reduce",
            "--async-scheduling",
            "--no-async-scheduling",
        ],
        Values =
        [
            "--model",
            "--host",
            "--uds",
            "--port",
            "--seed",
            "--shutdown-timeout",
            "--tensor-parallel-size",
            "--pipeline-parallel-size",
            "--data-parallel-size",
            "--max-model-len",
            "--dtype",
            "--quantization",
            "--kv-cache-dtype",
            "--gpu-memory-utilization",
            "--speculative-config",
            "--attention-backend",
            "--generation-config",
            "--override-generation-config",
            "--max-num-seqs",
            "--max-num-batched-tokens",
            "--tokenizer",
            "--revision",
            "--tokenizer-revision",
            "--load-format",
            "--block-size",
            "--compilation-config",
            "--chat-template",
            "--reasoning-parser",
            "--tool-call-parser",
            "--uvicorn-log-level",
            "--api-server-count",
            "--fingerprint-mode",
            "--fingerprint-value",
            "--distributed-executor-backend",
            "--max-logprobs",
        ],
        Lists = ["--served-model-name", "--api-key"],
        Aliases = new()
        {
            ["-tp"] = "--tensor-parallel-size",
            ["-pp"] = "--pipeline-parallel-size",
            ["-dp"] = "--data-parallel-size",
            ["-q"] = "--quantization",
            ["-O"] = "--compilation-config",
            ["-asc"] = "--api-server-count",
        },
        Numbers =
        [
            "--port",
            "--seed",
            "--shutdown-timeout",
            "--tensor-parallel-size",
            "--pipeline-parallel-size",
            "--data-parallel-size",
            "--max-num-seqs",
            "--max-num-batched-tokens",
            "--block-size",
            "--api-server-count",
            "--max-logprobs",
        ],
        Choices = new()
        {
            ["--dtype"] = ["auto", "bfloat16", "float", "float16", "float32", "half"],
            ["--fingerprint-mode"] = ["full", "hash", "custom", "none"],
        },
    };
}
