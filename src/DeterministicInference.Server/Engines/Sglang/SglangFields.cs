using DeterministicInference.Server.Determinism;

namespace DeterministicInference.Server.Engines.Sglang;

/// <summary>
/// The request fields that SGLang honours: python/sglang/srt/entrypoints/openai/protocol.py, serving_chat.py and
/// serving_completions.py of 0.5.2x (HYGON-AI/sglang-das at 28d57908 and 811cb6ba, a fork of it). Every other member is
/// dropped silently (pydantic's default).
/// </summary>
internal static class SglangFields
{
    public static EngineFields Honoured { get; } =
        new(
            both: """
            model n seed max_tokens min_tokens stop stop_token_ids stop_regex ignore_eos no_stop_trim
            skip_special_tokens images_config

            temperature top_p top_k min_p frequency_penalty presence_penalty repetition_penalty logit_bias watermark
            custom_logit_processor custom_params

            response_format response_format.type response_format.json_schema response_format.json_schema.schema
            response_format.schema response_format.structures response_format.triggers response_format.format regex
            ebnf

            logprobs return_token_ids return_hidden_states return_routed_experts routed_experts_start_len
            return_cached_tokens_details return_spec_tokens_details

            lora_path session_id session_params bootstrap_host bootstrap_port bootstrap_room
            """,
            chat: """
            messages messages[].role messages[].content messages[].name messages[].tool_calls
            messages[].tool_calls[].id messages[].tool_calls[].type messages[].tool_calls[].function
            messages[].tool_calls[].function.name messages[].tool_call_id messages[].reasoning_content
            messages[].tools messages[].phase

            messages[].content[].type messages[].content[].text messages[].content[].image_url
            messages[].content[].image_url.detail messages[].content[].image_url.max_dynamic_patch
            messages[].content[].audio_url messages[].content[].video_url messages[].content[].input_audio
            messages[].content[].thinking messages[].content[].tool_reference

            tools tools[].type tools[].function tools[].function.name tools[].function.description
            tools[].function.parameters tools[].function.strict tools[].function.defer_loading tools[].defer_loading
            tool_choice tool_choice.function parallel_tool_calls

            max_completion_tokens chat_template_kwargs continue_final_message reasoning_effort reasoning task
            video_config max_dynamic_patch min_dynamic_patch use_audio_in_video

            top_logprobs sampling_logprobs_mode separate_reasoning return_prompt_token_ids return_meta_info
            return_input_ids_in_sglext return_output_ids_in_sglext return_sampling_mask
            """,
            completions: "prompt echo json_schema ngram_corpus_id"
        );
}
