using System.Text.Json;
using DeterministicInference.Engine;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests;

namespace DeterministicInference.Server.Engines.Embedded;

/// <summary><c>POST /v1/completions</c>: converts a checked request to an <see cref="ApiCall"/>.</summary>
internal static class CompletionRequestReader
{
    private const int DefaultMaxTokens = 16;
    private const int MaximumLogprobs = 20;
    private const int MaximumPrompts = 2048;

    public static ApiCall Read(
        CheckedRequest request,
        FieldSupport support,
        EmbeddedEngine engine,
        EmbeddedEngineOptions options
    )
    {
        support.Require(request);
        int? logprobs = request.Integer("logprobs", 0, MaximumLogprobs);
        bool echo = request.Is("echo");
        int maxTokens = request.Integer("max_tokens", 0, int.MaxValue) ?? DefaultMaxTokens;
        List<(string Path, int[] Tokens, string? Text)> prompts = [];
        ApiCall call = GenerationFields.Call(
            request,
            GenerationFields.Read(request, engine, options, logprobs) with
            {
                PromptLogprobs = echo && logprobs is not null,
            },
            template =>
            {
                prompts = Prompts(request.Body.Root.GetProperty("prompt"u8), engine);
                return
                [
                    .. prompts.Select(prompt =>
                        GenerationFields.WithPrompt(template, prompt.Tokens, maxTokens, prompt.Path, engine)
                    ),
                ];
            }
        );
        return call with
        {
            Echo = echo,
            PromptTexts = echo
                ? [.. prompts.Select(prompt => prompt.Text ?? engine.Tokenizer.Decode(prompt.Tokens))]
                : [],
        };
    }

    /// <summary>Reads a prompt: null, a text, texts, token ids, or lists of token ids.</summary>
    private static List<(string Path, int[] Tokens, string? Text)> Prompts(JsonElement prompt, EmbeddedEngine engine)
    {
        if (prompt.ValueKind != JsonValueKind.Array)
            return [Prompt(prompt, "prompt", engine)];
        if (prompt[0].ValueKind == JsonValueKind.Number)
            return [("prompt", Tokens(prompt, "prompt", engine), null)];
        int count = prompt.GetArrayLength();
        if (count > MaximumPrompts)
            throw OpenAIException.Invalid(
                $"Invalid 'prompt': array too long. Expected at most {MaximumPrompts} prompts, but got {count}.",
                "prompt",
                "array_above_max_length"
            );
        return [.. prompt.EnumerateArray().Select((item, i) => Prompt(item, $"prompt[{i}]", engine))];
    }

    private static (string Path, int[] Tokens, string? Text) Prompt(
        JsonElement value,
        string path,
        EmbeddedEngine engine
    )
    {
        if (value.ValueKind == JsonValueKind.Array)
            return (path, Tokens(value, path, engine), null);
        string text = value.ValueKind == JsonValueKind.Null ? "" : value.GetString()!;
        return (path, engine.EncodePrompt(text), text);
    }

    private static int[] Tokens(JsonElement array, string path, EmbeddedEngine engine) =>
        [
            .. array
                .EnumerateArray()
                .Select((id, i) => (int)FieldValue.AsInteger(id, $"{path}[{i}]", 0, engine.Config.VocabularySize - 1)),
        ];
}
