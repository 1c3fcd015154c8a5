using System.Text.Json;
using DeterministicInference.Engine;
using DeterministicInference.Engine.Scheduling;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.EngineHost;

/// <summary><c>POST /v1/completions</c>: JSON to <see cref="ApiCall"/>.</summary>
internal static class CompletionRequestReader
{
    private const int DefaultMaxTokens = 16;
    private const int MaximumLogprobs = 20;
    private const int MaximumPrompts = 2048;

    public static ApiCall Read(JsonElement root, EmbeddedEngine engine, EngineOptions options)
    {
        var fields = new FieldReader(root);
        fields.Text("model");
        if (fields.Text("suffix") is { Length: > 0 }) throw OpenAIException.Unsupported("suffix", "This engine can't fill in the middle; leave it out.");
        int? logprobs = fields.Integer("logprobs", 0, MaximumLogprobs);
        bool echo = fields.Boolean("echo", false);
        GenerationRequest template = GenerationFields.Read(fields, engine, options, logprobs) with { PromptLogprobs = echo && logprobs is not null };
        if (fields.Integer("best_of", 1, 128) is { } bestOf && bestOf != template.Choices)
        {
            throw OpenAIException.Unsupported("best_of", "Answers are not ranked here; leave it out, or make it equal to n.");
        }
        int maxTokens = fields.Integer("max_tokens", 0, int.MaxValue) ?? DefaultMaxTokens;
        (bool stream, bool includeUsage) = GenerationFields.Stream(fields);

        List<(string Path, int[] Tokens, string? Text)> prompts = Prompts(root, engine);
        return new ApiCall
        {
            IsChat = false,
            Requests = [.. prompts.Select(prompt => GenerationFields.WithPrompt(template, prompt.Tokens, maxTokens, prompt.Path, engine))],
            PromptTexts = echo ? [.. prompts.Select(prompt => prompt.Text ?? engine.Tokenizer.Decode(prompt.Tokens))] : [],
            Stream = stream,
            IncludeUsage = includeUsage,
            ReturnTokenIds = fields.Boolean("return_token_ids", false),
            Echo = echo,
        };
    }

    /// <summary>A text, texts, token ids, or lists of token ids.</summary>
    private static List<(string Path, int[] Tokens, string? Text)> Prompts(JsonElement root, EmbeddedEngine engine)
    {
        if (!root.TryGetProperty("prompt", out JsonElement prompt)) throw OpenAIException.Missing("prompt");
        switch (prompt.ValueKind)
        {
            case JsonValueKind.Null:
                return [("prompt", engine.EncodePrompt(""), "")];
            case JsonValueKind.String:
                return [Encoded("prompt", prompt, engine)];
            case JsonValueKind.Array:
                break;
            default:
                throw OpenAIException.InvalidType("prompt", "a string or an array", FieldReader.Kind(prompt));
        }
        int count = prompt.GetArrayLength();
        if (count == 0) throw OpenAIException.Invalid("Invalid 'prompt': empty array. Expected at least one prompt.", "prompt", "empty_array");
        if (prompt[0].ValueKind == JsonValueKind.Number) return [("prompt", Tokens(prompt, "prompt", engine), null)];
        if (count > MaximumPrompts) throw OpenAIException.Invalid($"Invalid 'prompt': array too long. Expected at most {MaximumPrompts} prompts, but got {count}.", "prompt", "array_above_max_length");
        return [.. prompt.EnumerateArray().Select((item, i) => item.ValueKind == JsonValueKind.Array
            ? ($"prompt[{i}]", Tokens(item, $"prompt[{i}]", engine), null)
            : Encoded($"prompt[{i}]", item, engine))];
    }

    private static (string Path, int[] Tokens, string? Text) Encoded(string path, JsonElement value, EmbeddedEngine engine)
    {
        string text = FieldReader.AsText(value, path);
        return (path, engine.EncodePrompt(text), text);
    }

    private static int[] Tokens(JsonElement array, string path, EmbeddedEngine engine) =>
        [.. array.EnumerateArray().Select((id, i) => (int)FieldReader.AsInteger(id, $"{path}[{i}]", 0, engine.Config.VocabularySize - 1))];
}
