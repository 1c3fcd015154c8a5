using System.Globalization;
using System.Text.Json;
using DeterministicInference.Engine;
using DeterministicInference.Engine.Sampling;
using DeterministicInference.Engine.Scheduling;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.EngineHost;

/// <summary>The fields that both generating endpoints share.</summary>
internal static class GenerationFields
{
    private const int MaximumStops = 16;

    /// <summary>Reads everything but the prompt and the token limit.</summary>
    public static GenerationRequest Read(FieldReader fields, EmbeddedEngine engine, EngineOptions options, int? logprobs) => new()
    {
        Prompt = [],
        MaxTokens = 0,
        Choices = fields.Integer("n", 1, Math.Min(128, options.MaxSequences)) ?? 1,
        Stop = Stops(fields),
        IgnoreEndTokens = fields.Boolean("ignore_eos", false),
        Logprobs = logprobs,
        Sampling = new SamplingParameters
        {
            Temperature = fields.Number("temperature", 0, 2) ?? 1,
            TopP = TopP(fields),
            TopK = TopK(fields),
            MinP = fields.Number("min_p", 0, 1) ?? 0,
            FrequencyPenalty = fields.Number("frequency_penalty", -2, 2) ?? 0,
            PresencePenalty = fields.Number("presence_penalty", -2, 2) ?? 0,
            LogitBias = LogitBias(fields, engine.Config.VocabularySize),
            Seed = unchecked((ulong)(fields.Long("seed") ?? options.Seed)),
        },
    };

    /// <summary><c>stream</c> and <c>stream_options.include_usage</c>.</summary>
    public static (bool Stream, bool IncludeUsage) Stream(FieldReader fields)
    {
        bool stream = fields.Boolean("stream", false);
        if (fields.Find("stream_options") is not { } value) return (stream, false);
        if (value.ValueKind != JsonValueKind.Object) throw OpenAIException.InvalidType("stream_options", "an object", FieldReader.Kind(value));
        if (!stream) throw OpenAIException.Invalid("The 'stream_options' parameter is only allowed when 'stream' is true.", "stream_options", "invalid_value");
        return (stream, new FieldReader(value, "stream_options.").Boolean("include_usage", false));
    }

    /// <summary>Adds a prompt and its token limit, and checks that both fit the model and the memory.</summary>
    /// <param name="template">What <see cref="Read"/> gave.</param>
    /// <param name="prompt">Token ids.</param>
    /// <param name="maxTokens">As requested; null goes on to the end of the context.</param>
    /// <param name="promptField">For the error.</param>
    /// <param name="engine">The engine.</param>
    public static GenerationRequest WithPrompt(GenerationRequest template, int[] prompt, int? maxTokens, string promptField, EmbeddedEngine engine)
    {
        if (prompt.Length == 0) throw OpenAIException.Invalid($"'{promptField}' has no tokens. Send at least one character.", promptField, "invalid_value");
        int context = engine.Config.MaxPositions;
        int available = context - prompt.Length;
        if (available < (maxTokens ?? 1))
        {
            throw OpenAIException.Invalid(
                $"This model's maximum context length is {context} tokens. However, you requested {prompt.Length + (long)(maxTokens ?? 1)} tokens ({prompt.Length} in the prompt, {maxTokens ?? 1} for the completion). Please reduce the prompt or the completion length.",
                promptField, "context_length_exceeded");
        }
        GenerationRequest request = template with { Prompt = prompt, MaxTokens = maxTokens ?? available };
        (int needed, int blocks) = engine.Scheduler.CacheDemand(request);
        if (needed <= blocks) return request;
        throw OpenAIException.Invalid(
            $"The request needs more key-value cache than there is. Lower n or max_tokens, or start the engine with a larger --kv-cache-mib ({(long)needed * 100 / Math.Max(1, blocks)} % of the present one is needed).",
            promptField, "kv_cache_exceeded");
    }

    private static float TopP(FieldReader fields)
    {
        float topP = fields.Number("top_p", 0, 1) ?? 1;
        return topP > 0 ? topP : float.Epsilon;
    }

    private static int TopK(FieldReader fields)
    {
        int topK = fields.Integer("top_k", -1, int.MaxValue) ?? 0;
        return Math.Max(topK, 0);
    }

    private static List<string> Stops(FieldReader fields)
    {
        if (fields.Find("stop") is not { } value) return [];
        if (value.ValueKind == JsonValueKind.String) return Checked([FieldReader.AsText(value, "stop")]);
        if (value.ValueKind != JsonValueKind.Array) throw OpenAIException.InvalidType("stop", "a string or an array of strings", FieldReader.Kind(value));
        if (value.GetArrayLength() > MaximumStops) throw OpenAIException.Invalid($"Invalid 'stop': array too long. Expected at most {MaximumStops} texts, but got {value.GetArrayLength()}.", "stop", "array_above_max_length");
        return Checked([.. value.EnumerateArray().Select((text, i) => FieldReader.AsText(text, $"stop[{i}]"))]);

        static List<string> Checked(List<string> stops) => stops.Contains("")
            ? throw OpenAIException.Invalid("Invalid 'stop': an empty text would end every answer at once. Leave it out.", "stop", "invalid_value")
            : stops;
    }

    private static List<KeyValuePair<int, float>> LogitBias(FieldReader fields, int vocabularySize)
    {
        if (fields.Find("logit_bias") is not { } value) return [];
        if (value.ValueKind != JsonValueKind.Object) throw OpenAIException.InvalidType("logit_bias", "an object", FieldReader.Kind(value));
        var biases = new List<KeyValuePair<int, float>>();
        foreach (JsonProperty entry in value.EnumerateObject())
        {
            string path = $"logit_bias.{entry.Name}";
            if (!int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int token) || token >= vocabularySize)
            {
                throw OpenAIException.Invalid($"Invalid '{path}': keys are token ids from 0 to {vocabularySize - 1}.", "logit_bias", "invalid_value");
            }
            biases.Add(new(token, FieldReader.AsNumber(entry.Value, path, -100, 100)));
        }
        return biases;
    }
}
