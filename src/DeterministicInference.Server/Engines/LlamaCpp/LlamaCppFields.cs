using DeterministicInference.Server.Determinism;

namespace DeterministicInference.Server.Engines.LlamaCpp;

/// <summary>
/// The request fields that llama-server honours: ggml-org/llama.cpp b10472 (unslothai/llama.cpp at d32676d7),
/// tools/server/server-schema.cpp and oaicompat_chat_params_parse in server-common.cpp, and requests to b11434 with and
/// without each field. Every other member is ignored silently; of completions also response formats, tools, echo,
/// suffix and best_of.
/// </summary>
internal static class LlamaCppFields
{
    public static EngineFields Honoured { get; } =
        new(
            both: """
            model n n_cmpl seed max_tokens max_completion_tokens n_predict n_indent stop ignore_eos n_keep n_discard

            temperature top_p top_k min_p typical_p top_n_sigma min_keep samplers backend_sampling frequency_penalty
            presence_penalty repeat_penalty repeat_last_n logit_bias dry_multiplier dry_base dry_allowed_length
            dry_penalty_last_n dry_sequence_breakers dynatemp_range dynatemp_exponent xtc_probability xtc_threshold
            mirostat mirostat_tau mirostat_eta adaptive_target adaptive_decay

            json_schema grammar logprobs n_probs post_sampling_probs timings_per_token verbose reasoning_format
            chat_parser parse_tool_calls

            lora t_max_predict_ms n_cache_reuse reasoning_control
            """,
            // llama-server's grammar enforces the schema of a call's arguments, whatever `strict` says.
            chat: """
            messages messages[].role messages[].content messages[].name messages[].tool_calls
            messages[].tool_calls[].id messages[].tool_calls[].type messages[].tool_calls[].function
            messages[].tool_calls[].function.name messages[].tool_call_id messages[].reasoning_content

            messages[].content[].type messages[].content[].text messages[].content[].image_url
            messages[].content[].input_audio messages[].content[].input_video

            tools tools[].type tools[].function tools[].function.name tools[].function.description
            tools[].function.parameters tools[].function.strict tool_choice parallel_tool_calls

            response_format response_format.type response_format.json_schema response_format.json_schema.schema
            response_format.schema top_logprobs

            chat_template_kwargs add_generation_prompt continue_final_message reasoning_effort
            reasoning_budget_tokens thinking_budget_tokens reasoning_budget_message
            """,
            completions: """
            prompt chat_format generation_prompt grammar_lazy grammar_triggers grammar_type preserved_tokens
            reasoning_budget_start_tag reasoning_budget_end_tag reasoning_budget_end_tags
            """
        );
}
