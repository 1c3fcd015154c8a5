using System.Globalization;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.LlamaCpp;

/// <summary>
/// The arguments of llama-server, with the variables that stand for arguments (<c>LLAMA_ARG_…</c>, of which an
/// argument that is given wins: llama.cpp b11434, common/arg.cpp). A variable is judged and described as the argument.
/// </summary>
internal static class LlamaCppArguments
{
    /// <summary>The beginning of variables that stand for arguments.</summary>
    public const string Prefix = "LLAMA_ARG_";

    private const string Negation = "NO_";

    /// <summary>
    /// Variables whose flag is spelt otherwise, without the beginning (b11434, --help, and names of older builds). That
    /// of any other is the same words with hyphens.
    /// </summary>
    private static readonly Dictionary<string, string> Flags = new(StringComparer.Ordinal)
    {
        ["BATCH"] = "batch-size",
        ["CHECKPOINT_MIN_SPACING_NT"] = "checkpoint-min-step",
        ["ENDPOINT_METRICS"] = "metrics",
        ["HFD_REPO"] = "hf-repo-draft",
        ["N_PARALLEL"] = "parallel",
        ["ROPE_SCALING_TYPE"] = "rope-scaling",
        ["SPEC_DRAFT_CACHE_TYPE_K"] = "spec-draft-type-k",
        ["SPEC_DRAFT_CACHE_TYPE_V"] = "spec-draft-type-v",
        ["SPEC_DRAFT_HF_REPO"] = "hf-repo-draft",
        ["STATIC_PATH"] = "path",
        ["THINK"] = "reasoning-format",
        ["THINK_BUDGET"] = "reasoning-budget",
        ["THINK_BUDGET_MESSAGE"] = "reasoning-budget-message",
        ["UBATCH"] = "ubatch-size",
    };

    /// <summary>Variables that are switches; the others have values.</summary>
    private static readonly string[] Switches =
    [
        "BACKEND_SAMPLING",
        "CACHE_IDLE_SLOTS",
        "CACHE_PROMPT",
        "CONTEXT_SHIFT",
        "CONT_BATCHING",
        "CORS_CREDENTIALS",
        "CPU_MOE",
        "EMBEDDINGS",
        "ENDPOINT_METRICS",
        "JINJA",
        "KV_OFFLOAD",
        "KV_UNIFIED",
        "LOG_JSONL",
        "LOG_PREFIX",
        "LOG_TIMESTAMPS",
        "MLOCK",
        "MMAP",
        "MMPROJ_AUTO",
        "MMPROJ_OFFLOAD",
        "OFFLINE",
        "OP_OFFLOAD",
        "PERF",
        "PREFILL_ASSISTANT",
        "REASONING_PRESERVE",
        "REPACK",
        "RERANKING",
        "SKIP_CHAT_PARSING",
        "SPEC_DRAFT_BACKEND_SAMPLING",
        "SPEC_DRAFT_CPU_MOE",
        "SWA_FULL",
        "UI",
        "WARMUP",
        "WEBUI",
    ];

    /// <summary>Chat templates of its own, by their names (--help of b11434).</summary>
    public static readonly string[] Templates =
    [
        .. (
            "bailing bailing-think bailing2 chatglm3 chatglm4 chatml command-r deepseek deepseek-ocr "
            + "deepseek2 deepseek3 exaone-moe exaone3 exaone4 falcon3 gemma gigachat glmedge gpt-oss "
            + "granite granite-4.0 granite-4.1 grok-2 hunyuan-dense hunyuan-moe hunyuan-vl kimi-k2 llama2 "
            + "llama2-sys llama2-sys-bos llama2-sys-strip llama3 llama4 megrez minicpm mistral-v1 "
            + "mistral-v3 mistral-v3-tekken mistral-v7 mistral-v7-tekken monarch openchat orion "
            + "pangu-embedded phi3 phi4 rwkv-world seed_oss smolvlm solar-open vicuna vicuna-orca yandex "
            + "zephyr"
        ).Split(' '),
    ];

    private static readonly string[] True = ["1", "true", "on", "enabled"];

    /// <summary>Variables that the launch takes out of the environment.</summary>
    public static readonly string[] Unset =
    [
        // A llama-server in router mode sets this variable for its children, which then end with their standard
        // input (server-models.cpp); an engine launched below such a server would behave like one of them.
        "LLAMA_SERVER_ROUTER_PORT",
        // Each would replace the file of -m (common/arg.cpp).
        "LLAMA_ARG_MODEL_URL",
        "LLAMA_ARG_HF_REPO",
        "LLAMA_ARG_HF_FILE",
        "LLAMA_ARG_DOCKER_REPO",
        // Each would have it listen elsewhere, serve other models, run tools or fetch for a web page.
        "LLAMA_ARG_HOST",
        "LLAMA_ARG_PORT",
        "LLAMA_ARG_REUSE_PORT",
        "LLAMA_ARG_API_PREFIX",
        "LLAMA_ARG_SSL_CERT_FILE",
        "LLAMA_ARG_SSL_KEY_FILE",
        "LLAMA_ARG_MODELS_DIR",
        "LLAMA_ARG_MODELS_PRESET",
        "LLAMA_ARG_MODELS_MAX",
        "LLAMA_ARG_MODELS_AUTOLOAD",
        "LLAMA_ARG_TOOLS",
        "LLAMA_ARG_TOOLS_RUNTIME",
        "LLAMA_ARG_AGENT",
        "LLAMA_ARG_UI_MCP_PROXY",
        "LLAMA_ARG_MCP_SERVERS_CONFIG",
        "LLAMA_ARG_MCP_SERVERS_JSON",
        "LLAMA_ARG_ENDPOINT_PROPS",
        "LLAMA_ARG_ENDPOINT_SLOTS",
        "LLAMA_ARG_STATIC_PATH",
    ];

    /// <summary>Variables for what the launch always says itself, so that they have no effect.</summary>
    private static readonly string[] Overridden = [Prefix + "MODEL", Prefix + "ALIAS"];

    /// <summary>What the launch says so that the machine chooses nothing; the user's arguments come after.</summary>
    public static string[] Pinned(ServeOptions options, MachineFacts machine)
    {
        if (!options.Enforces)
            return [];
        string threads = machine.Processors.ToString(CultureInfo.InvariantCulture);
        return
        [
            "-np",
            "1",
            "--no-cache-prompt",
            // No memory for prompts of earlier requests at all.
            .. options.IsStrict ? (string[])["-cram", "0"] : [],
            "--seed",
            "0",
            // Otherwise chosen by the machine: attention kernel, batches, threads, layers on the GPU.
            "-fa",
            machine.HasAnyGpu ? "on" : "off",
            "-b",
            "2048",
            "-ub",
            "512",
            "-t",
            threads,
            "-tb",
            threads,
            "-ngl",
            machine.HasAnyGpu ? "999" : "0",
            "-ctk",
            "f16",
            "-ctv",
            "f16",
        ];
    }

    /// <summary>
    /// What llama-server goes by: variables first, in the order of its parser, then arguments; the last one counts.
    /// </summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="variables">Its variables.</param>
    public static EngineCommandLine Of(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> variables)
    {
        var words = new List<string>();
        // Sorted, --chat-template comes before --chat-template-file, as in the parser: the file counts.
        foreach ((string variable, string value) in variables.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (
                variable.StartsWith(Prefix, StringComparison.Ordinal)
                && !Unset.Contains(variable)
                && !Overridden.Contains(variable)
            )
                words.AddRange(Words(variable[Prefix.Length..], value));
        }
        return new EngineCommandLine([.. words, .. arguments], abbreviates: false);
    }

    private static IEnumerable<string> Words(string name, string value)
    {
        if (value.Length == 0)
            return [];
        if (name.StartsWith(Negation, StringComparison.Ordinal))
        {
            string negated = name[Negation.Length..];
            // The negation of a switch is false whatever its value is; --no-host is a switch of its own.
            return Switches.Contains(negated) || True.Contains(value) ? [$"--no-{FlagOf(negated)}"] : [];
        }
        if (Switches.Contains(name))
            return [True.Contains(value) ? $"--{FlagOf(name)}" : $"--no-{FlagOf(name)}"];
        // With an equals sign a value that begins with a hyphen is no flag.
        return [$"--{FlagOf(name)}={value}"];
    }

    private static string FlagOf(string name) =>
        Flags.GetValueOrDefault(name) ?? name.ToLowerInvariant().Replace('_', '-');
}
