using DeterministicInference.Server.OpenAI.Requests.Types;
using static DeterministicInference.Server.OpenAI.Requests.Types.FieldChange;
using static DeterministicInference.Server.OpenAI.Requests.Types.RequestRoute;
using static DeterministicInference.Server.OpenAI.Requests.Types.UsualTypes;

namespace DeterministicInference.Server.OpenAI.Requests;

/// <summary>Where, when and for whom a request is computed, and what else it depends on.</summary>
internal static class ServingFields
{
    public static IReadOnlyList<Field> All { get; } =
    [
        // The user, and what is stored about the request.
        new("user", Text, Nothing, NoEffect.Any) { Aliases = ["safety_identifier"] },
        new("safety_identifier", Text, Nothing, NoEffect.Any) { Aliases = ["user"] },
        new("store", Flag, Nothing, NoEffect.Any),
        new("metadata", AnyObject, Nothing, NoEffect.Any),
        new("custom_labels", Any, Nothing, NoEffect.Any),
        new("request_id", Text, Nothing, NoEffect.Any) { Aliases = ["rid"] },
        new("rid", TextOrTexts, Nothing, NoEffect.Any) { Aliases = ["request_id"] },
        new("chat_id", Any, Nothing, NoEffect.Any),
        new("tee", Any, Nothing, NoEffect.Any),
        new("replay_nonce", Text, Nothing, NoEffect.Any),
        // Time and place.
        new("service_tier", Text, Nothing, NoEffect.Any),
        new("priority", Integer, Nothing, NoEffect.Any),
        new("routed_dp_rank", Integer, Nothing, NoEffect.Any) { Aliases = ["data_parallel_rank"] },
        new("data_parallel_rank", Integer, Nothing, NoEffect.Any) { Aliases = ["routed_dp_rank"] },
        new("disagg_prefill_dp_rank", Integer, Nothing, NoEffect.Any),
        new("provider", Any, Nothing, NoEffect.Any),
        new("route", Any, Nothing, NoEffect.Any),
        new("keep_alive", Any, Nothing, NoEffect.Any),
        // Prefix caches save time. That llama-server's cache affects answers is a matter of its rules.
        new("prompt_cache_key", Text, Nothing, NoEffect.Any),
        new("prompt_cache_retention", Text, Nothing, NoEffect.Any) { Aliases = ["prompt_cache_options"] },
        new("prompt_cache_options", AnyObject, Nothing, NoEffect.Any, Chat),
        new("cache_salt", Text, Nothing, NoEffect.Any) { Aliases = ["extra_key"] },
        new("extra_key", TextOrTexts, Nothing, NoEffect.Any) { Aliases = ["cache_salt"] },
        new("cache_control", Any, Nothing, NoEffect.Any),
        new("cache_prompt", Flag, Nothing, NoEffect.Any),
        new("id_slot", Integer, Nothing, NoEffect.Any),
        new("message_delimiters", AnyArray, Nothing, NoEffect.Any),
        // State outside of the request on which the answer would depend.
        new("session_id", Text, Nondeterminism),
        new("session_params", AnyObject, Nondeterminism),
        new("conversation_id", Any, Nondeterminism),
        new("custom_logit_processor", Any, Nondeterminism) { Aliases = ["logits_processors"] },
        new("lora_path", TextOrTexts, Nondeterminism),
        new("lora", AnyArray, Nondeterminism, "[]"),
        new("kv_transfer_params", AnyObject, Nondeterminism),
        new("ec_transfer_params", AnyObject, Nondeterminism),
        new("bootstrap_host", Any, Nondeterminism),
        new("bootstrap_port", Any, Nondeterminism),
        new("bootstrap_room", Any, Nondeterminism),
        new("t_max_predict_ms", Integer, Nondeterminism, "-1 | 0"),
        new("t_max_prompt_ms", Integer, Nondeterminism, "-1 | 0"),
        new("n_cache_reuse", Integer, Nondeterminism, "0"),
        new("ngram_corpus_id", Any, Nondeterminism),
        new("reasoning_control", Flag, Nondeterminism, "false"),
        new("web_search_options", AnyObject, Nondeterminism, routes: Chat),
        new("plugins", Any, Nondeterminism, "[]"),
    ];
}
