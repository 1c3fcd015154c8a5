namespace DeterministicInference.FakeBackend.Dialects;

/// <summary>
/// llama-server's command line (August 2026). Refuses with code 1, names the flag as it was written, and takes whatever
/// follows a flag as its value.
/// </summary>
internal sealed class LlamaCppFlags : FlagTable
{
    private static readonly string[] CacheTypes =
    [
        "f32",
        "f16",
        "bf16",
        "q8_0",
        "q4_0",
        "q4_1",
        "iq4_nl",
        "q5_0",
        "q5_1",
    ];

    public static readonly LlamaCppFlags Table = new()
    {
        Switches =
        [
            "--cache-prompt",
            "--no-cache-prompt",
            "--slots",
            "--no-slots",
            "--ui",
            "--no-ui",
            "--metrics",
            "--props",
            "--jinja",
            "--no-jinja",
            "--cont-batching",
            "--no-cont-batching",
            "--kv-unified",
            "--no-kv-unified",
            "--mlock",
            "--mmap",
            "--no-mmap",
            "--warmup",
            "--no-warmup",
            "--context-shift",
            "--no-context-shift",
            "--swa-full",
            "--kv-offload",
            "--no-kv-offload",
            "--op-offload",
            "--no-op-offload",
            "--log-disable",
            "--verbose",
            "--offline",
            "--check-tensors",
        ],
        Values =
        [
            "--model",
            "--alias",
            "--host",
            "--port",
            "--parallel",
            "--ctx-size",
            "--threads",
            "--threads-batch",
            "--threads-http",
            "--batch-size",
            "--ubatch-size",
            "--gpu-layers",
            "--flash-attn",
            "--cache-type-k",
            "--cache-type-v",
            "--seed",
            "--api-key",
            "--api-key-file",
            "--cache-reuse",
            "--cache-ram",
            "--model-draft",
            "--draft-max",
            "--draft-min",
            "--timeout",
            "--predict",
            "--temp",
            "--top-k",
            "--top-p",
            "--min-p",
            "--chat-template",
            "--chat-template-file",
            "--reasoning-format",
            "--log-file",
            "--log-verbosity",
            "--log-colors",
            "--device",
            "--main-gpu",
            "--tensor-split",
            "--split-mode",
            "--slot-prompt-similarity",
            "--sse-ping-interval",
            "--sleep-idle-seconds",
            "--fit",
            "--poll",
            "--numa",
            "--prio",
        ],
        Aliases = new()
        {
            ["-m"] = "--model",
            ["-a"] = "--alias",
            ["-np"] = "--parallel",
            ["-c"] = "--ctx-size",
            ["-t"] = "--threads",
            ["-tb"] = "--threads-batch",
            ["-b"] = "--batch-size",
            ["-ub"] = "--ubatch-size",
            ["-ngl"] = "--gpu-layers",
            ["--n-gpu-layers"] = "--gpu-layers",
            ["-fa"] = "--flash-attn",
            ["-ctk"] = "--cache-type-k",
            ["-ctv"] = "--cache-type-v",
            ["-s"] = "--seed",
            ["-md"] = "--model-draft",
            ["--webui"] = "--ui",
            ["--no-webui"] = "--no-ui",
            ["-to"] = "--timeout",
            ["-n"] = "--predict",
            ["--n-predict"] = "--predict",
            ["--temperature"] = "--temp",
            ["-cb"] = "--cont-batching",
            ["-nocb"] = "--no-cont-batching",
            ["-kvu"] = "--kv-unified",
            ["-cram"] = "--cache-ram",
            ["-dev"] = "--device",
            ["-mg"] = "--main-gpu",
            ["-ts"] = "--tensor-split",
            ["-sm"] = "--split-mode",
            ["-sps"] = "--slot-prompt-similarity",
            ["-lv"] = "--log-verbosity",
            ["--verbosity"] = "--log-verbosity",
            ["-v"] = "--verbose",
            ["--log-verbose"] = "--verbose",
            ["-nkvo"] = "--no-kv-offload",
            ["-fit"] = "--fit",
        },
        Numbers =
        [
            "--port",
            "--parallel",
            "--ctx-size",
            "--threads",
            "--threads-batch",
            "--threads-http",
            "--batch-size",
            "--ubatch-size",
            "--seed",
            "--cache-reuse",
            "--cache-ram",
            "--draft-max",
            "--draft-min",
            "--timeout",
            "--predict",
            "--top-k",
            "--log-verbosity",
            "--main-gpu",
            "--sse-ping-interval",
            "--sleep-idle-seconds",
        ],
        Choices = new()
        {
            ["--flash-attn"] = ["on", "off", "auto", "1", "0", "-1", "enabled", "disabled", "true", "false"],
            ["--cache-type-k"] = CacheTypes,
            ["--cache-type-v"] = CacheTypes,
        },
    };

    public override bool TakesFlagsAsValues => true;

    public override UsageException Unknown(string[] rest) => new(1, $"error: invalid argument: {rest[0]}");

    public override UsageException MissingValue(string flag) => Handling(flag, "expected value for argument");

    public override UsageException NotANumber(string flag, string value) => Handling(flag, "stoi");

    public override UsageException NotAChoice(string flag, string value) =>
        Handling(flag, $"error: unknown value for {flag}: '{value}'");

    private static UsageException Handling(string flag, string problem) =>
        new(1, $"error while handling argument \"{flag}\": {problem}\n\nto show complete usage, run with -h");
}
