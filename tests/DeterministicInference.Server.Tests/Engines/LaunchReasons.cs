namespace DeterministicInference.Server.Tests.Engines;

/// <summary>Why an argument or a variable of a launch is there.</summary>
/// <param name="Engine">The engine.</param>
/// <param name="Where">On which machines, or in which mode; words without punctuation, for a table.</param>
/// <param name="Name">A flag, a word that stands alone, or a variable's name.</param>
/// <param name="Reason">The reason, for a table.</param>
internal sealed record LaunchReason(string Engine, string Where, string Name, string Reason);

/// <summary>
/// The reason of every argument and variable of every launch. docs/operations.md shows them, and a test holds the
/// launches against them.
/// </summary>
internal static class LaunchReasons
{
    private const string Always = "everywhere",
        Strict = "strict";

    public static IReadOnlyList<LaunchReason> All { get; } =
    [
        new("sglang", Always, "-m", "the interpreter runs SGLang as a module, in builds without `sglang serve`"),
        new("sglang", Always, "serve", "SGLang's own program where the build has it: the module warns there"),
        new("sglang", Always, "--model-type", "spares `sglang serve` to ask the model hub what kind of model it is"),
        new("sglang", Always, "--model-path", "the setting"),
        new("sglang", Always, "--host", "the setting"),
        new("sglang", Always, "--port", "the setting"),
        new("sglang", "own program", "--config", "a file of random keys, which no list of processes shows"),
        new("sglang", "wrapper", "--api-key", "a random key: no page or program passes this server by"),
        new("sglang", "wrapper", "--admin-api-key", "nobody has the key for routes that change the engine"),
        new("sglang", Always, "--served-model-name", "the setting"),
        new("sglang", Always, "--enable-deterministic-inference", "the mode"),
        new(
            "sglang",
            "every GPU",
            "--attention-backend",
            "one with a deterministic mode on this GPU: `triton` below 9.0, on mixed GPUs, on AMD and for MLA models "
                + "from 10.0 on; `fa3` on 9.x; `flashinfer` from 10.0 on; `intel_xpu` on Intel after 0.5.18"
        ),
        new("sglang", Always, "--random-seed", "otherwise drawn at every start"),
        new(
            "sglang",
            Always,
            "--chunked-prefill-size",
            "at least what prompts are cut at: smaller pieces hang (sglang#36344)"
        ),
        new("sglang", Strict, "--disable-radix-cache", "on fa3 the cached prefix changes answers (sglang#22819)"),
        new("sglang", "processor", "--device", "SGLang does not choose the processor itself"),
        new("sglang", "processor", "SGLANG_USE_CPU_ENGINE", "without it SGLang looks for a GPU"),
        new("sglang", Always, "SPT_NOENV", "processes keep the environment by which the guards know them"),
        new("vllm", Always, "-m", "an interpreter as `--backend-command` runs vLLM as a module"),
        new("vllm", Always, "serve", "the setting"),
        new("vllm", Always, "--host", "the setting"),
        new("vllm", Always, "--port", "the setting"),
        new("vllm", Always, "--uds", "a Unix socket that only this user reaches, unless an address is set"),
        new("vllm", "wrapper", "--api-key", "a random key: no page or program passes this server by"),
        new("vllm", "own program on a port", "VLLM_API_KEY", "the same, which no list of processes shows"),
        new("vllm", Always, "--seed", "otherwise drawn at every start in older builds"),
        new("vllm", Always, "--served-model-name", "the setting"),
        new("vllm", Always, "--generation-config", "what a request leaves out is the API's default, not a file's"),
        new("vllm", Always, "--shutdown-timeout", "vLLM's default breaks requests off at SIGTERM"),
        new("vllm", "processor", "--no-enable-chunked-prefill", "a seed ends vLLM for processors otherwise"),
        new(
            "vllm",
            "Intel and Hopper in strict",
            "--attention-config.backend",
            "the mode's kernel on Intel's GPUs; FlashAttention 3 on Hopper depends on the batch (vllm#51902)"
        ),
        new("vllm", Strict, "--no-enable-prefix-caching", "nothing computed for another request is used"),
        new(
            "vllm",
            "NVIDIA from 8.0 on. AMD MI200 to MI350. Intel",
            "VLLM_BATCH_INVARIANT",
            "the mode; vLLM for processors does not start with it"
        ),
        new(
            "vllm",
            "NVIDIA from 8.0 on",
            "VLLM_USE_FLASHINFER_SAMPLER",
            "vLLM's validations of the mode run without that sampler (vllm#27433, #51187)"
        ),
        new("vllm", Always, "SPT_NOENV", "processes keep the environment by which the guards know them"),
        new("llamacpp", Always, "-m", "the setting"),
        new("llamacpp", Always, "--host", "a Unix socket that only this user reaches, unless an address is set"),
        new("llamacpp", Always, "--port", "the setting"),
        new("llamacpp", "own program on a port", "--api-key-file", "a random key, which no list of processes shows"),
        new("llamacpp", "wrapper", "--api-key", "a random key: no page or program passes this server by"),
        new("llamacpp", Always, "--no-webui", "pages that would ask the engine beside this server"),
        new("llamacpp", Always, "-a", "the setting"),
        new("llamacpp", Always, "--no-slots", "that route shows prompts"),
        new("llamacpp", Always, "-np", "requests that are computed together change each other's answers"),
        new("llamacpp", Always, "--no-cache-prompt", "what is cached changes answers (llama.cpp#22224)"),
        new("llamacpp", Strict, "-cram", "no memory for prompts of earlier requests"),
        new("llamacpp", Always, "--seed", "otherwise drawn at every start"),
        new("llamacpp", Always, "-fa", "otherwise chosen by the machine: `on` with a GPU, `off` without"),
        new("llamacpp", Always, "-b", "a piece's size is part of the arithmetic"),
        new("llamacpp", Always, "-ub", "a piece's size is part of the arithmetic"),
        new("llamacpp", Always, "-t", "threads split sums; all processors that the server may use"),
        new("llamacpp", Always, "-tb", "threads split sums; all processors that the server may use"),
        new("llamacpp", Always, "-ngl", "all layers on the GPU if there is one, none else"),
        new("llamacpp", Always, "-ctk", "otherwise a default that may change"),
        new("llamacpp", Always, "-ctv", "otherwise a default that may change"),
    ];
}
