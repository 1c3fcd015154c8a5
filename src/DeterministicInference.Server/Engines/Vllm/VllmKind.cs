using System.Text.Json;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.OpenAI.Requests.Types;

namespace DeterministicInference.Server.Engines.Vllm;

/// <summary>
/// vLLM in its batch-invariant mode (a build of March 2026 or newer, which has <c>--shutdown-timeout</c>). Source of
/// the facts: vllm-project/vllm@9aaf83e (2026-05-19); file names are below vllm/ there.
/// </summary>
internal sealed class VllmKind : IEngineKind
{
    public string Name => "vllm";

    public string Title => "vLLM server";

    /// <summary>
    /// /health refuses connections while the model loads, answers 200 once vLLM is ready, and 503 after the death of
    /// its engine process (entrypoints/openai/api_server.py). vLLM has no route that runs a token.
    /// </summary>
    public EngineHealthRoutes Health { get; } = new("/health");

    public IEngineLauncher Launcher { get; } = new VllmLauncher();

    public IEngineDeterminism Determinism { get; } = new VllmDeterminism();

    public IEngineFacts Facts { get; } = new VllmFacts();

    public EngineOutputRules Output => VllmOutput.Rules;

    public RequestRules Requests { get; } =
        new()
        {
            Fields = VllmFields.Honoured,
            // Only identifies related requests: vllm-project/vllm at 002032ee,
            // vllm/entrypoints/openai/chat_completion/protocol.py.
            Harmless = ["session_id"],
            TokenIdMembers = ["return_token_ids"],
            // With both the prompt is left out of the answer (vllm-project/vllm#57996).
            NoTokenIdsWith = ["echo"],
            Refusals =
            [
                new(
                    "return_token_ids",
                    value => value.ValueKind == JsonValueKind.True,
                    "With token ids vLLM leaves out the prompt, which 'echo' asks for. Leave one of them out."
                )
                {
                    When = request => request.Route == RequestRoute.Completions && request.Is("echo"),
                    IsUnsupported = true,
                },
                new(
                    "prompt_embeds",
                    value => value is not { ValueKind: JsonValueKind.Array } || value.GetArrayLength() > 0,
                    "vLLM would answer it together with 'prompt'. Leave one of them out."
                )
                {
                    When = request => request.Find("prompt") is not null,
                    IsUnsupported = true,
                },
            ],
            NeedsModel = true,
        };
}
