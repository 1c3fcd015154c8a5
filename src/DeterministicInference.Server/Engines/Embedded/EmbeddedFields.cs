using DeterministicInference.Server.Determinism;

namespace DeterministicInference.Server.Engines.Embedded;

/// <summary>The request fields that the embedded engine honours: other fields with an effect are refused.</summary>
internal static class EmbeddedFields
{
    public static EngineFields Honoured { get; } =
        new(
            both: """
            model n seed max_tokens stop ignore_eos temperature top_p top_k min_p frequency_penalty presence_penalty
            logit_bias logprobs return_token_ids
            """,
            chat: """
            messages messages[].role messages[].content messages[].content[].type messages[].content[].text
            max_completion_tokens top_logprobs
            """,
            completions: "prompt echo"
        );
}
