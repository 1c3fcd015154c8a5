using System.Text.Json;
using DeterministicInference.Engine;
using DeterministicInference.Engine.ChatTemplates;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests;

namespace DeterministicInference.Server.Engines.Embedded;

/// <summary><c>POST /v1/chat/completions</c>: converts a checked request to an <see cref="ApiCall"/>.</summary>
internal static class ChatRequestReader
{
    private const int MaximumTopLogprobs = 20;

    public static ApiCall Read(
        CheckedRequest request,
        FieldSupport support,
        EmbeddedEngine engine,
        EmbeddedEngineOptions options
    )
    {
        ChatMessage[] messages =
        [
            .. request
                .Find("messages")!
                .Value.EnumerateArray()
                .Select((message, i) => Message(message, $"messages[{i}]")),
        ];
        support.Require(request);
        int? maxTokens =
            request.Integer("max_completion_tokens", 1, int.MaxValue) ?? request.Integer("max_tokens", 1, int.MaxValue);
        return GenerationFields.Call(
            request,
            GenerationFields.Read(request, engine, options, Logprobs(request)),
            template => [GenerationFields.WithPrompt(template, Prompt(messages, engine), maxTokens, "messages", engine)]
        );
    }

    private static int[] Prompt(IReadOnlyList<ChatMessage> messages, EmbeddedEngine engine)
    {
        try
        {
            return engine.EncodeChat(messages);
        }
        catch (ChatTemplateException e)
        {
            throw OpenAIException.Invalid(e.Message, "messages", "invalid_value");
        }
    }

    private static int? Logprobs(CheckedRequest request)
    {
        int? top = request.Integer("top_logprobs", 0, MaximumTopLogprobs);
        if (!request.WantsLogprobs && top > 0)
            throw OpenAIException.Invalid(
                "The 'top_logprobs' parameter is only allowed when 'logprobs' is true.",
                "top_logprobs",
                "invalid_value"
            );
        return request.WantsLogprobs ? top ?? 0 : null;
    }

    private static ChatMessage Message(JsonElement message, string path)
    {
        string role = message.GetProperty("role"u8).GetString() switch
        {
            "system" or "developer" => "system",
            "user" => "user",
            "assistant" => "assistant",
            _ => throw OpenAIException.Unsupported(path + ".role", "The embedded engine can't call tools."),
        };
        bool hasContent =
            message.TryGetProperty("content"u8, out JsonElement content)
            && content.ValueKind != JsonValueKind.Null
            && (content.ValueKind != JsonValueKind.Array || content.GetArrayLength() > 0);
        // Null was refused by the table of fields, and an array without parts says as much as null.
        if (!hasContent && role != "assistant")
            throw OpenAIException.Missing(path + ".content");
        string text = hasContent ? Text(content, path + ".content") : "";
        return new ChatMessage(role, text);
    }

    /// <summary>
    /// Joins text parts by a newline and leaves empty ones out, as vLLM does for a template that takes a text (0.32.0,
    /// vllm/renderers/chat_utils.py, <c>_parse_chat_message_content_parts</c>); the templates of this engine do.
    /// </summary>
    private static string Text(JsonElement content, string path) =>
        content.ValueKind == JsonValueKind.String
            ? content.GetString()!
            : string.Join(
                '\n',
                content
                    .EnumerateArray()
                    .Select((part, i) => PartText(part, $"{path}[{i}]"))
                    .Where(text => text.Length > 0)
            );

    private static string PartText(JsonElement part, string path)
    {
        string type = part.GetProperty("type"u8).GetString()!;
        return type == "text"
            ? part.GetProperty("text"u8).GetString()!
            : throw OpenAIException.Unsupported(
                path + ".type",
                $"The embedded engine reads only text parts, not '{OpenAIException.Quoted(type)}'."
            );
    }
}
