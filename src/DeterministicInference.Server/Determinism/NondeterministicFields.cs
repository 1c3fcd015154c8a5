using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests;
using DeterministicInference.Server.OpenAI.Requests.Types;

namespace DeterministicInference.Server.Determinism;

/// <summary>Refuses requests whose answer depends on more than the request, whatever the engine.</summary>
internal static class NondeterministicFields
{
    private const string Cache =
            "The answer would depend on a cache elsewhere. Leave it out, or use --determinism off.",
        Session =
            "The answer would depend on earlier requests of the session. Send the whole conversation in messages.",
        Adapter = "The adapter's files are not measured. Serve a merged model, or use --determinism off.",
        Clock = "The length of the answer would depend on the clock. Use max_tokens, or use --determinism off.",
        Search = "The answer would depend on what is found on the web today. Leave it out.",
        Disaggregation = "The operator decides which engine computes a request. Leave it out.";

    /// <summary>Reason and alternative for each such field of the table.</summary>
    public static IReadOnlyDictionary<string, string> Reasons { get; } =
        new Dictionary<string, string>
        {
            ["session_id"] = Session,
            ["session_params"] = Session,
            ["conversation_id"] = Session,
            ["custom_logit_processor"] = "It is arbitrary code. Express it with logit_bias, or use --determinism off.",
            ["lora_path"] = Adapter,
            ["lora"] = Adapter,
            ["kv_transfer_params"] = Cache,
            ["ec_transfer_params"] = Cache,
            ["n_cache_reuse"] = Cache,
            ["ngram_corpus_id"] = Cache,
            ["bootstrap_host"] = Disaggregation,
            ["bootstrap_port"] = Disaggregation,
            ["bootstrap_room"] = Disaggregation,
            ["t_max_predict_ms"] = Clock,
            ["t_max_prompt_ms"] = Clock,
            ["reasoning_control"] =
                "Another request could end the reasoning while it runs. Leave it out, or use --determinism off.",
            ["return_hidden_states"] = "Hidden states are not compared. Leave it out, or use --determinism off.",
            ["web_search_options"] = Search,
            ["plugins"] = Search,
        };

    /// <summary>Refuses a request whose answer would depend on more than the request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="harmless">Fields that have no such effect on this engine.</param>
    /// <exception cref="OpenAIException">400 <c>nondeterministic_request</c>.</exception>
    public static void Refuse(CheckedRequest request, IReadOnlyList<string> harmless)
    {
        foreach (FieldUse use in request.Uses)
        {
            if (use.Field.Changes == FieldChange.Nondeterminism && !harmless.Contains(use.Field.Path))
                throw Refused(use.Path, Reasons[use.Field.Path]);
        }
        if (request.Find("messages") is { } messages && HasRemoteMedia(messages))
            throw Refused("messages", "What a URL returns can change. Send media as a data: URL.");
    }

    public static OpenAIException Refused(string name, string reason) =>
        OpenAIException.Invalid(
            $"'{name}' would make the answer depend on more than the request, or differ from engine to engine. "
                + $"{reason}",
            name,
            "nondeterministic_request"
        );

    /// <summary>Whether a part of a message refers to media by URL.</summary>
    private static bool HasRemoteMedia(JsonElement messages)
    {
        if (messages.ValueKind != JsonValueKind.Array)
            return false;
        foreach (JsonElement message in messages.EnumerateArray())
        {
            if (
                message.ValueKind != JsonValueKind.Object
                || !message.TryGetProperty("content"u8, out JsonElement content)
                || content.ValueKind != JsonValueKind.Array
            )
                continue;
            foreach (JsonElement part in content.EnumerateArray())
            {
                if (part.ValueKind == JsonValueKind.Object && part.EnumerateObject().Any(IsRemote))
                    return true;
            }
        }
        return false;
    }

    /// <summary>
    /// <c>"image_url":{"url":"https://…"}</c>, and alike for other media; some engines accept the URL as a string.
    /// </summary>
    private static bool IsRemote(JsonProperty member) =>
        member.Value.ValueKind switch
        {
            JsonValueKind.Object => member.Value.TryGetProperty("url"u8, out JsonElement url) && IsAddress(url),
            JsonValueKind.String => member.Name.EndsWith("_url", StringComparison.Ordinal) && IsAddress(member.Value),
            _ => false,
        };

    private static bool IsAddress(JsonElement url) =>
        url.ValueKind == JsonValueKind.String
        && !(
            JsonMarshal.GetRawUtf8Value(url)[1..] is { Length: > 5 } text
            && Ascii.EqualsIgnoreCase(text[..5], "data:"u8)
        );
}
