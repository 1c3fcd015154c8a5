using DeterministicInference.Server.Determinism;

namespace DeterministicInference.Server.Engines.Tgi;

/// <summary>
/// The request fields that TGI honours: huggingface/text-generation-inference at db931fcf, router/src/lib.rs,
/// ChatRequest and CompletionRequest. Every other member is ignored silently.
/// </summary>
internal static class TgiFields
{
    public static EngineFields Honoured { get; } =
        new(
            both: "model seed max_tokens stop temperature top_p frequency_penalty",
            // TGI drops the ids of calls, as results follow their calls in any case. Its grammar enforces the schema of
            // a call's arguments, whatever `strict` says.
            chat: """
            messages messages[].role messages[].content messages[].tool_calls messages[].tool_calls[].id
            messages[].tool_calls[].type messages[].tool_calls[].function messages[].tool_calls[].function.name
            messages[].tool_call_id messages[].content[].type messages[].content[].text
            messages[].content[].image_url

            tools tools[].type tools[].function tools[].function.name tools[].function.description
            tools[].function.parameters tools[].function.strict tool_choice tool_choice.function tool_prompt

            max_completion_tokens response_format response_format.type response_format.value logprobs top_logprobs
            """,
            completions: "prompt repetition_penalty"
        );
}
