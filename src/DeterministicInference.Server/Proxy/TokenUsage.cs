using System.Text.Json;
using DeterministicInference.Server.Hosting;

namespace DeterministicInference.Server.Proxy;

/// <summary>What an engine says that an answer took; null where it does not say.</summary>
internal readonly record struct TokenUsage(long? Prompt, long? Completion)
{
    /// <summary>Reads the value on which the reader stands, to its end.</summary>
    public static TokenUsage ReadValue(ref Utf8JsonReader reader)
    {
        var usage = default(TokenUsage);
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return usage;
        }
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isPrompt = reader.ValueTextEquals("prompt_tokens"u8), isCompletion = reader.ValueTextEquals("completion_tokens"u8);
            reader.Read();
            if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long count))
            {
                if (isPrompt) usage = usage with { Prompt = count };
                if (isCompletion) usage = usage with { Completion = count };
            }
            reader.Skip();
        }
        return usage;
    }

    /// <summary>Leaves the counts for the request's line in the log.</summary>
    public void Log(HttpContext context)
    {
        if (Prompt is { } prompt) context.Items[RequestLog.PromptTokens] = prompt;
        if (Completion is { } completion) context.Items[RequestLog.CompletionTokens] = completion;
    }
}
