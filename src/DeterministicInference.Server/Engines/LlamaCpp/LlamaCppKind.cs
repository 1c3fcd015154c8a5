using System.Text.Json;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;

namespace DeterministicInference.Server.Engines.LlamaCpp;

/// <summary>
/// llama.cpp's <c>llama-server</c>. It has no batch-invariant mode, so that its determinism rests on one request at a
/// time and an empty cache; everything that it would choose by the machine is pinned. Source of the facts:
/// ggml-org/llama.cpp@34af94c (2026-08-17); file names are below tools/server there.
/// </summary>
internal sealed class LlamaCppKind : IEngineKind
{
    private const string AtLeastOne = "llama-server generates at least one token. Give 1 or more.";

    public string Name => "llamacpp";

    public string Title => "llama.cpp server";

    /// <summary>
    /// /health answers 503 while the model loads (server-http.cpp), and does not show whether tokens are computed.
    /// </summary>
    public EngineHealthRoutes Health { get; } = new("/health");

    public IEngineLauncher Launcher { get; } = new LlamaCppLauncher();

    public IEngineDeterminism Determinism { get; } = new LlamaCppDeterminism();

    public IEngineFacts Facts { get; } = new LlamaCppFacts();

    public EngineOutputRules Output => LlamaCppOutput.Rules;

    /// <summary>
    /// A stream's headers promise "Keep-Alive: timeout=5", and its last chunk is followed by shutdown(SHUT_WR) (b11434,
    /// traced).
    /// </summary>
    public AnswerRules? Answers { get; } = new() { ClosesAfterStream = true };

    /// <summary>
    /// One request at a time for a launched server, as it has one slot; of an attached one's slots one is used.
    /// </summary>
    public int? RequestsAtOnce(ServeOptions options) =>
        !options.Enforces ? null
        : options.BackendUrl is null
            ? LlamaCppDeterminism.Slots(new EngineCommandLine(options.BackendArguments, abbreviates: false))
        : 1;

    public RequestRules Requests { get; } =
        new()
        {
            Fields = LlamaCppFields.Honoured,
            // Seeds have 32 bits; the largest, also written as -1, means a random one.
            Seeds = (0, uint.MaxValue - 1),
            // llama-server's own defaults are 0.8, 0.95, 40 and 0.05; a model's file may set others for these and for
            // the penalty, mirostat and xtc (general.sampling.*). Cache contents change answers.
            Defaults =
            [
                new("temperature", "1"),
                new("top_p", "1"),
                new("top_k", "0"),
                new("min_p", "0"),
                new("repeat_penalty", "1"),
                new("mirostat", "0"),
                new("xtc_probability", "0"),
                new("cache_prompt", "false"),
            ],
            // Of several prompts usage counts the first one only, and each has an id of its own (b11434, tried).
            OnePromptAtATime = true,
            // Without a limit a completion fills the context, in the only slot (server-task.cpp, n_predict).
            CompletionTokens = 16,
            Refusals =
            [
                FieldRefusal.NoTokens("max_tokens", AtLeastOne),
                FieldRefusal.NoTokens("max_completion_tokens", AtLeastOne),
                FieldRefusal.NoTokens("n_predict", AtLeastOne),
                FieldRefusal.Above(
                    "n",
                    1,
                    "llama-server computes at most as many choices as it has slots, and has one slot for "
                        + "determinism. Send n requests with different seeds."
                ),
                new(
                    "cache_prompt",
                    value => value.ValueKind != JsonValueKind.False,
                    "Entries of earlier requests in llama-server's cache change an answer. Leave it out."
                ),
                new(
                    "id_slot",
                    value => value is not { ValueKind: JsonValueKind.Number } || value.GetDouble() > 0,
                    "This server decides which slot answers. Leave it out."
                ),
            ],
            // 0 alternatives mean no log-probabilities there. The answer gets the chosen tokens alone.
            Spellings =
            [
                new(
                    "logprobs",
                    value => value.ValueKind == JsonValueKind.Number && value.GetDouble() == 0 ? "1" : null
                ),
            ],
        };
}
