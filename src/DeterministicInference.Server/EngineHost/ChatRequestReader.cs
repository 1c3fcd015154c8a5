using System.Text;
using System.Text.Json;
using DeterministicInference.Engine;
using DeterministicInference.Engine.ChatTemplates;
using DeterministicInference.Engine.Scheduling;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.EngineHost;

/// <summary><c>POST /v1/chat/completions</c>: JSON to <see cref="ApiCall"/>.</summary>
internal static class ChatRequestReader
{
    private const int MaximumTopLogprobs = 20;

    public static ApiCall Read(JsonElement root, EmbeddedEngine engine, EngineOptions options)
    {
        var fields = new FieldReader(root);
        fields.Text("model");
        RefuseUnsupported(fields);
        GenerationRequest template = GenerationFields.Read(fields, engine, options, Logprobs(fields));
        int? maxTokens = fields.Integer("max_completion_tokens", 1, int.MaxValue) ?? fields.Integer("max_tokens", 1, int.MaxValue);
        (bool stream, bool includeUsage) = GenerationFields.Stream(fields);
        int[] prompt = Prompt(Messages(fields), engine);
        return new ApiCall
        {
            IsChat = true,
            Requests = [GenerationFields.WithPrompt(template, prompt, maxTokens, "messages", engine)],
            Stream = stream,
            IncludeUsage = includeUsage,
            ReturnTokenIds = fields.Boolean("return_token_ids", false),
        };
    }

    private static int[] Prompt(List<ChatMessage> messages, EmbeddedEngine engine)
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

    private static int? Logprobs(FieldReader fields)
    {
        bool wanted = fields.Boolean("logprobs", false);
        int? top = fields.Integer("top_logprobs", 0, MaximumTopLogprobs);
        if (top is not null && !wanted) throw OpenAIException.Invalid("The 'top_logprobs' parameter is only allowed when 'logprobs' is true.", "top_logprobs", "invalid_value");
        return wanted ? top ?? 0 : null;
    }

    private static void RefuseUnsupported(FieldReader fields)
    {
        foreach (string name in (string[])["tools", "functions"])
        {
            if (fields.Find(name) is not { } list) continue;
            if (list.ValueKind != JsonValueKind.Array) throw OpenAIException.InvalidType(name, "an array", FieldReader.Kind(list));
            if (list.GetArrayLength() > 0) throw OpenAIException.Unsupported(name, "The embedded engine can't call tools; leave it out.");
        }
        if (fields.Find("response_format") is not { } format) return;
        if (format.ValueKind != JsonValueKind.Object) throw OpenAIException.InvalidType("response_format", "an object", FieldReader.Kind(format));
        if (new FieldReader(format, "response_format.").Text("type") is not ("text" or null))
        {
            throw OpenAIException.Unsupported("response_format", "The embedded engine answers in plain text; leave it out, or use type 'text'.");
        }
    }

    private static List<ChatMessage> Messages(FieldReader fields)
    {
        if (fields.Find("messages") is not { } list) throw OpenAIException.Missing("messages");
        if (list.ValueKind != JsonValueKind.Array) throw OpenAIException.InvalidType("messages", "an array of objects", FieldReader.Kind(list));
        if (list.GetArrayLength() == 0) throw OpenAIException.Invalid("Invalid 'messages': empty array. Expected an array with at least one message.", "messages", "empty_array");
        return [.. list.EnumerateArray().Select((message, i) => Message(message, $"messages[{i}]"))];
    }

    private static ChatMessage Message(JsonElement message, string path)
    {
        if (message.ValueKind != JsonValueKind.Object) throw OpenAIException.InvalidType(path, "an object", FieldReader.Kind(message));
        var fields = new FieldReader(message, path + ".");
        string role = fields.Text("role") ?? throw OpenAIException.Missing(path + ".role");
        string known = role switch
        {
            "system" or "developer" => "system",
            "user" => "user",
            "assistant" => "assistant",
            "tool" or "function" => throw OpenAIException.Unsupported(path + ".role", "The embedded engine can't call tools."),
            _ => throw OpenAIException.Invalid($"Invalid value for '{path}.role': '{role}'. Supported values are: 'system', 'developer', 'user' and 'assistant'.", path + ".role", "invalid_value"),
        };
        if (fields.Find("content") is { } content) return new ChatMessage(known, Content(content, path + ".content"));
        return known == "assistant" ? new ChatMessage(known, "") : throw OpenAIException.Missing(path + ".content");
    }

    private static string Content(JsonElement content, string path)
    {
        if (content.ValueKind == JsonValueKind.String) return FieldReader.AsText(content, path);
        if (content.ValueKind != JsonValueKind.Array) throw OpenAIException.InvalidType(path, "a string or an array of parts", FieldReader.Kind(content));
        var text = new StringBuilder();
        int i = 0;
        foreach (JsonElement part in content.EnumerateArray())
        {
            string partPath = $"{path}[{i++}]";
            if (part.ValueKind != JsonValueKind.Object) throw OpenAIException.InvalidType(partPath, "an object", FieldReader.Kind(part));
            var fields = new FieldReader(part, partPath + ".");
            string type = fields.Text("type") ?? throw OpenAIException.Missing(partPath + ".type");
            if (type != "text") throw OpenAIException.Unsupported(partPath + ".type", $"The embedded engine reads only text parts, not '{type}'.");
            text.Append(fields.Text("text") ?? throw OpenAIException.Missing(partPath + ".text"));
        }
        return text.ToString();
    }
}
