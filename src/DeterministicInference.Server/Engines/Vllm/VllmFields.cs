using DeterministicInference.Server.Determinism;

namespace DeterministicInference.Server.Engines.Vllm;

/// <summary>
/// The request fields that vLLM honours: vllm-project/vllm at 002032ee, vllm/entrypoints/openai/chat_completion/
/// protocol.py and completion/protocol.py, and vllm/entrypoints/chat_utils.py for messages. Every other member is
/// ignored there (<c>extra="allow"</c>), with a line at the log level DEBUG.
/// </summary>
internal static class VllmFields
{
    public static EngineFields Honoured { get; } =
        new(
            both: """
            model n seed max_tokens min_tokens stop stop_token_ids ignore_eos include_stop_str_in_output echo
            skip_special_tokens spaces_between_special_tokens truncate_prompt_tokens truncation_side
            add_special_tokens repetition_detection repetition_detection.max_pattern_size
            repetition_detection.min_pattern_size repetition_detection.min_count

            temperature top_p top_k min_p frequency_penalty presence_penalty repetition_penalty logit_bias bad_words
            allowed_token_ids use_beam_search length_penalty watermarking vllm_xargs thinking_token_budget

            response_format response_format.type response_format.json_schema response_format.json_schema.schema
            response_format.structures response_format.triggers response_format.format structured_outputs
            structured_outputs.json structured_outputs.regex structured_outputs.choice structured_outputs.grammar
            structured_outputs.json_object structured_outputs.structural_tag structured_outputs.whitespace_pattern
            structured_outputs.disable_any_whitespace structured_outputs.disable_additional_properties

            logprobs prompt_logprobs logprob_token_ids return_token_ids return_tokens_as_token_ids
            routed_experts_prompt_start session_id kv_transfer_params ec_transfer_params
            """,
            chat: """
            messages messages[].role messages[].content messages[].name messages[].tool_calls
            messages[].tool_calls[].id messages[].tool_calls[].type messages[].tool_calls[].function
            messages[].tool_calls[].function.name messages[].tool_call_id messages[].reasoning_content
            messages[].reasoning messages[].tools messages[].task

            messages[].content[].type messages[].content[].text messages[].content[].image_url
            messages[].content[].audio_url messages[].content[].video_url messages[].content[].input_audio
            messages[].content[].refusal messages[].content[].thinking messages[].content[].tool_reference
            messages[].content[].image_embeds messages[].content[].audio_embeds messages[].content[].prompt_embeds

            tools tools[].type tools[].function tools[].function.name tools[].function.description
            tools[].function.parameters tools[].function.strict tools[].function.defer_loading tools[].defer_loading
            tool_choice tool_choice.function parallel_tool_calls

            max_completion_tokens chat_template chat_template_kwargs add_generation_prompt continue_final_message
            documents reasoning_effort mm_processor_kwargs media_io_kwargs top_logprobs include_reasoning
            return_prompt_text
            """,
            completions: "prompt prompt_embeds suffix"
        );
}
