using System.Text.Json;
using DeterministicInference.Server.Backends;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Determinism;

/// <summary>Requests whose answer depends on more than the request, whatever the engine.</summary>
internal static class OpenRequests
{
    /// <summary>Members of other engines that are not known here stay the engine's business; these are known.</summary>
    public static IReadOnlyList<FieldRefusal> Refusals { get; } =
    [
        FieldRefusal.Always("session_id", "The answer would depend on what was said before in the session. Send the whole conversation in messages."),
        FieldRefusal.Always("session_params", "The answer would depend on what was said before in the session. Send the whole conversation in messages."),
        FieldRefusal.Always("custom_logit_processor", "It is code that can do anything. Express it with logit_bias, or use --determinism off."),
        FieldRefusal.Always("lora_path", "The adapter's files are not part of what is measured. Serve a merged model, or use --determinism off."),
        FieldRefusal.Always("kv_transfer_params", "The answer would depend on a cache elsewhere. Leave it out, or use --determinism off."),
        new("return_hidden_states", value => value.ValueKind != JsonValueKind.False, "Hidden states are not part of what is compared. Leave it out, or use --determinism off."),
        new("messages", HasRemoteMedia, "Media by URL may be other media tomorrow. Send it as a data: URL."),
    ];

    public static OpenAIException Refused(string name, string reason) =>
        OpenAIException.Invalid($"'{name}' would make the answer depend on more than the request, or differ from engine to engine. {reason}", name, "nondeterministic_request");

    /// <summary>Whether a part of a message is named by an address instead of being there.</summary>
    private static bool HasRemoteMedia(JsonElement messages)
    {
        if (messages.ValueKind != JsonValueKind.Array) return false;
        foreach (JsonElement message in messages.EnumerateArray())
        {
            if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("content"u8, out JsonElement content) || content.ValueKind != JsonValueKind.Array) continue;
            foreach (JsonElement part in content.EnumerateArray())
            {
                if (part.ValueKind == JsonValueKind.Object && part.EnumerateObject().Any(IsRemote)) return true;
            }
        }
        return false;
    }

    /// <summary><c>"image_url":{"url":"https://…"}</c>, and with other media the same; some engines take the address itself.</summary>
    private static bool IsRemote(JsonProperty member) => member.Value.ValueKind switch
    {
        JsonValueKind.Object => member.Value.TryGetProperty("url"u8, out JsonElement url) && IsAddress(url),
        JsonValueKind.String => member.Name.EndsWith("_url", StringComparison.Ordinal) && IsAddress(member.Value),
        _ => false,
    };

    private static bool IsAddress(JsonElement url) =>
        url.ValueKind == JsonValueKind.String && !(url.GetString()!.StartsWith("data:", StringComparison.OrdinalIgnoreCase));
}
