using DeterministicInference.Server.OpenAI.Requests.Types;
using static DeterministicInference.Server.OpenAI.Requests.Types.FieldChange;
using static DeterministicInference.Server.OpenAI.Requests.Types.RequestRoute;
using static DeterministicInference.Server.OpenAI.Requests.Types.UsualTypes;

namespace DeterministicInference.Server.OpenAI.Requests;

/// <summary>Metadata of an answer.</summary>
internal static class ReportFields
{
    public static IReadOnlyList<Field> All { get; } =
    [
        new("logprobs", Flag, Report, "false", Chat),
        new("logprobs", Count, Report, routes: Completions),
        new("top_logprobs", Count, Report, "0", Chat) { AbsenceVaries = true, Aliases = ["logprobs"] },
        new("n_probs", Integer, Report, "0") { Aliases = ["top_logprobs", "logprobs"] },
        new("top_n_tokens", Any, Report, "0") { Aliases = ["top_logprobs", "logprobs"] },
        new("post_sampling_probs", Flag, Report, "false") { OnlyWith = ["logprobs", "n_probs"] },
        new("prompt_logprobs", new IntegerType(-1), Report),
        new("logprob_token_ids", TokenIds, Report),
        new("decoder_input_details", Any, Report, "false") { Aliases = ["prompt_logprobs"] },
        new("sampling_logprobs_mode", Text, Report, routes: Chat),
        // Token ids.
        new("return_token_ids", Flag, Report, "false"),
        new("return_tokens", Flag, Report, "false") { Aliases = ["return_token_ids"] },
        new("return_tokens_as_token_ids", Flag, Report, "false"),
        ChatFlag("return_prompt_token_ids"),
        ChatFlag("return_input_ids_in_sglext"),
        ChatFlag("return_output_ids_in_sglext"),
        new("return_token_offsets", Flag, Report, "false"),
        // The prompt, and reasoning.
        new("echo", Flag, Answer, "false"),
        new("return_full_text", Any, Answer, "false") { Aliases = ["echo"] },
        new("return_prompt_text", Flag, Report, "false", Chat),
        new("include_reasoning", Flag, Report, "true", Chat) { Aliases = ["separate_reasoning"] },
        new("separate_reasoning", Flag, Report, "true", Chat) { Aliases = ["reasoning_format"] },
        new("reasoning_format", Text, Report) { AbsenceVaries = true, Aliases = ["separate_reasoning"] },
        new("chat_format", Any, Report),
        new("chat_parser", Any, Report),
        // Internals of an engine.
        new("return_hidden_states", Any, Nondeterminism, "false"),
        new("return_routed_experts", Flag, Report, "false"),
        new("routed_experts_start_len", Count, Report, "0") { Aliases = ["routed_experts_prompt_start"] },
        new("routed_experts_prompt_start", Count, Report, "0") { Aliases = ["routed_experts_start_len"] },
        new("return_cached_tokens_details", Flag, Report, "false"),
        new("return_spec_tokens_details", Flag, Report, "false"),
        ChatFlag("return_meta_info"),
        ChatFlag("return_sampling_mask"),
        new("return_mm_kwargs", Flag, Report, "true"),
        new("response_fields", AnyArray, Report, "[]"),
        new("timings_per_token", Flag, Report, "false"),
        new("verbose", Flag, Report, "false"),
        // Only in OpenAI's API. Predicted text makes an answer faster and is counted in its usage.
        new("prediction", AnyObject, Report, routes: Chat),
        new("moderation", AnyObject, Report, routes: Chat),
        // Requests data that every engine reports.
        new("details", Any, Nothing, NoEffect.Any),
        new("usage", Any, Nothing, NoEffect.Any),
    ];

    private static Field ChatFlag(string name) => new(name, Flag, Report, "false", Chat);
}
