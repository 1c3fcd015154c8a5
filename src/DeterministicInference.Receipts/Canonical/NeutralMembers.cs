using System.Collections.Frozen;
using System.Text;

namespace DeterministicInference.Receipts.Canonical;

/// <summary>
/// The top-level members of a request that say nothing with a certain value: every engine does the same where they are
/// absent. Routers write them into requests that lack them. The table is part of <c>dis-req/2</c>; a test holds it
/// against the server's table of fields.
/// </summary>
internal static class NeutralMembers
{
    private const string False = "false",
        True = "true",
        Zero = "0",
        Array = "[]",
        Object = "{}";

    /// <summary>Value in canonical spelling by name, of both routes.</summary>
    public static IReadOnlyDictionary<string, string> Everywhere { get; } =
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["echo"] = False,
            ["n"] = "1e0",
            ["min_tokens"] = Zero,
            ["stop"] = Array,
            ["stop_token_ids"] = Array,
            ["stop_regex"] = Array,
            ["ignore_eos"] = False,
            ["include_stop_str_in_output"] = False,
            ["no_stop_trim"] = False,
            ["skip_special_tokens"] = True,
            ["spaces_between_special_tokens"] = True,
            ["logit_bias"] = Object,
            ["bad_words"] = Array,
            ["use_beam_search"] = False,
            ["logits_processors"] = Array,
            ["vllm_xargs"] = Object,
            ["custom_params"] = Object,
            ["response_format"] = """{"type":"text"}""",
            ["structured_outputs"] = Object,
            ["return_token_ids"] = False,
            ["return_tokens_as_token_ids"] = False,
            ["return_hidden_states"] = False,
            ["return_routed_experts"] = False,
            ["return_cached_tokens_details"] = False,
            ["lora"] = Array,
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The same of chats.</summary>
    public static IReadOnlyDictionary<string, string> InChats { get; } =
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["logprobs"] = False,
            ["tools"] = Array,
            ["functions"] = Array,
            ["documents"] = Array,
            ["add_generation_prompt"] = True,
            ["continue_final_message"] = False,
            ["include_reasoning"] = True,
            ["separate_reasoning"] = True,
            ["stream_reasoning"] = True,
            ["mm_processor_kwargs"] = Object,
            ["modalities"] = """["text"]""",
        }.ToFrozenDictionary(StringComparer.Ordinal);

    internal static bool Has(string name) => Everywhere.ContainsKey(name) || InChats.ContainsKey(name);

    /// <param name="name">Of the member.</param>
    /// <param name="isChat">Whether it stands in a chat.</param>
    /// <param name="value">The SHA-256 of the value in canonical spelling.</param>
    internal static bool IsNeutral(string name, bool isChat, Sha256Value value) =>
        (Everywhere.TryGetValue(name, out string? neutral) || (isChat && InChats.TryGetValue(name, out neutral)))
        && value == Sha256Value.Of(Encoding.ASCII.GetBytes(neutral));
}
