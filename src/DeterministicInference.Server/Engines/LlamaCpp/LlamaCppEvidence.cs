using DeterministicInference.Server.Engines.Evidence;

namespace DeterministicInference.Server.Engines.LlamaCpp;

/// <summary>What is known of llama-server, row by row.</summary>
internal static class LlamaCppEvidence
{
    /// <summary>Every row.</summary>
    public static IReadOnlyList<EvidenceRow> Rows { get; } =
    [
        new(
            "llama-slots",
            ReleaseRange.All,
            "more than one slot: -np, LLAMA_ARG_N_PARALLEL",
            EvidenceVerdict.BestEffort,
            "parallel_slots",
            "llama.cpp#22224, #16016 (open)",
            "2026-11-20"
        ),
        new(
            "llama-cache",
            ReleaseRange.All,
            "--cache-prompt, --cache-reuse, or their variables",
            EvidenceVerdict.BestEffort,
            "prompt_cache",
            "llama.cpp#22224: 'Just use --no-cache-prompt'",
            "2026-11-20"
        ),
        new(
            "llama-opened",
            ReleaseRange.All,
            "--tools, --agent, --props, --ui-mcp-proxy, --mcp-servers-",
            EvidenceVerdict.Refused,
            "engine_opened",
            "llama-server b11434, --help",
            "2026-11-30"
        ),
        new(
            "llama-shift",
            ReleaseRange.All,
            "--context-shift, LLAMA_ARG_CONTEXT_SHIFT",
            EvidenceVerdict.BestEffort,
            "context_shift",
            "llama-server, tried",
            "2026-11-28"
        ),
        new(
            "llama-speculation",
            ReleaseRange.All,
            "--spec-type other than none, a draft model, --spec- arguments, or their variables",
            EvidenceVerdict.BestEffort,
            "speculative_decoding",
            "llama-server b11434, --help",
            "2026-11-28"
        ),
        new(
            "llama-attention",
            ReleaseRange.All,
            "-fa auto, LLAMA_ARG_FLASH_ATTN=auto",
            EvidenceVerdict.BestEffort,
            "flash_attention_auto",
            "llama.cpp common/arg.cpp",
            "2026-07-20"
        ),
        new(
            "llama-sampling",
            ReleaseRange.All,
            "--backend-sampling, LLAMA_ARG_BACKEND_SAMPLING",
            EvidenceVerdict.BestEffort,
            "sampling_backend",
            "llama-server b11434, --help: experimental",
            "2026-11-30"
        ),
        new(
            "llama-rpc",
            ReleaseRange.All,
            "--rpc, LLAMA_ARG_RPC: computes on other machines",
            EvidenceVerdict.BestEffort,
            "remote_compute",
            "llama-server b11434, --help",
            "2026-11-30"
        ),
        new(
            "llama-router",
            ReleaseRange.All,
            "--models- arguments, LLAMA_ARG_MODELS_ variables",
            EvidenceVerdict.Refused,
            "router_mode",
            "llama.cpp tools/server, router mode",
            "2026-11-30"
        ),
        new(
            "llama-sleep",
            ReleaseRange.All,
            "--sleep-idle-seconds from 0 on: the model is loaded anew after a pause, from whatever its file is by then",
            EvidenceVerdict.BestEffort,
            "model_reloaded",
            "llama-server b11434, tried",
            "2026-11-30"
        ),
        new(
            "llama-template",
            ReleaseRange.All,
            "--chat-template with the path of a file, which is taken for the template",
            EvidenceVerdict.Refused,
            "template_file",
            "llama-server, tried",
            "2026-11-28"
        ),
        new(
            "llama-file",
            ReleaseRange.All,
            "not one GGUF file",
            EvidenceVerdict.Refused,
            "model_file",
            "https://github.com/ggml-org/ggml/blob/master/docs/gguf.md",
            "2026-11-30"
        ),
        new(
            "llama-arguments",
            ReleaseRange.All,
            "attached: llama-server does not report its arguments",
            EvidenceVerdict.BestEffort,
            "arguments_unknown",
            "llama-server b11434, /props",
            "2026-11-28"
        ),
        new(
            "llama-one",
            ReleaseRange.All,
            "one slot, no prompt cache, everything pinned",
            EvidenceVerdict.Deterministic,
            null,
            "llama-server de3ff81, tried: 95 seeded repeats and replays after restarts",
            "2026-11-28"
        ),
    ];
}
