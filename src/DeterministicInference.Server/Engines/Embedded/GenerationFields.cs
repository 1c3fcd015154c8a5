using System.Globalization;
using System.Text.Json;
using DeterministicInference.Engine;
using DeterministicInference.Engine.Sampling;
using DeterministicInference.Engine.Scheduling;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests;
using DeterministicInference.Server.OpenAI.Requests.Types;

namespace DeterministicInference.Server.Engines.Embedded;

/// <summary>Reads the fields of both routes from a checked request, within the engine's own limits.</summary>
internal static class GenerationFields
{
    private const int MaximumStops = 16;

    /// <summary>Reads everything but the prompt and the token limit.</summary>
    public static GenerationRequest Read(
        CheckedRequest request,
        EmbeddedEngine engine,
        EmbeddedEngineOptions options,
        int? logprobs
    ) =>
        new()
        {
            Prompt = [],
            MaxTokens = 0,
            Choices = request.Integer("n", 1, Math.Min(128, options.MaxSequences)) ?? 1,
            Stop = Stops(request),
            IgnoreEndTokens = request.Is("ignore_eos"),
            Logprobs = logprobs,
            Sampling = new SamplingParameters
            {
                Temperature = request.Number("temperature") ?? 1,
                // 0 means greedy, and at least one token must remain.
                TopP = Math.Max(request.Number("top_p") ?? 1, float.Epsilon),
                TopK = Math.Max(request.Integer("top_k", -1, int.MaxValue) ?? 0, 0),
                MinP = request.Number("min_p") ?? 0,
                FrequencyPenalty = request.Number("frequency_penalty") ?? 0,
                PresencePenalty = request.Number("presence_penalty") ?? 0,
                LogitBias = LogitBias(request, engine.Config.VocabularySize),
                Seed = unchecked((ulong)(Seed(request) ?? options.Seed)),
            },
        };

    /// <summary>Creates the call for a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="template">The result of <see cref="Read"/>.</param>
    /// <param name="withPrompts">Creates one request per prompt from the template.</param>
    public static ApiCall Call(
        CheckedRequest request,
        GenerationRequest template,
        Func<GenerationRequest, IReadOnlyList<GenerationRequest>> withPrompts
    )
    {
        JsonElement? options = request.Find("stream_options");
        if (options is { } some && some.GetPropertyCount() > 0 && !request.IsStream)
            throw OpenAIException.Invalid(
                "The 'stream_options' parameter is only allowed when 'stream' is true.",
                "stream_options",
                "invalid_value"
            );
        return new ApiCall
        {
            IsChat = request.Route == RequestRoute.Chat,
            Requests = withPrompts(template),
            Stream = request.IsStream,
            IncludeUsage =
                options is { } given
                && given.TryGetProperty("include_usage"u8, out JsonElement usage)
                && usage.ValueKind == JsonValueKind.True,
            ReturnTokenIds = request.Is("return_token_ids"),
        };
    }

    /// <summary>Adds a prompt and its token limit, and checks that both fit the model and the memory.</summary>
    /// <param name="template">What <see cref="Read"/> gave.</param>
    /// <param name="prompt">Token ids.</param>
    /// <param name="maxTokens">Requested limit; null for the rest of the context.</param>
    /// <param name="promptField">Name of the field for errors.</param>
    /// <param name="engine">The engine.</param>
    public static GenerationRequest WithPrompt(
        GenerationRequest template,
        int[] prompt,
        int? maxTokens,
        string promptField,
        EmbeddedEngine engine
    )
    {
        if (prompt.Length == 0)
            throw OpenAIException.Invalid(
                $"'{promptField}' has no tokens. Send at least one character.",
                promptField,
                "invalid_value"
            );
        int context = engine.Config.MaxPositions;
        int available = context - prompt.Length;
        if (available < (maxTokens ?? 1))
        {
            throw OpenAIException.Invalid(
                $"This model's maximum context length is {context} tokens. However, you requested "
                    + $"{prompt.Length + (long)(maxTokens ?? 1)} tokens ({prompt.Length} in the prompt, "
                    + $"{maxTokens ?? 1} for the completion). Please reduce the prompt or the completion length.",
                promptField,
                "context_length_exceeded"
            );
        }
        GenerationRequest request = template with { Prompt = prompt, MaxTokens = maxTokens ?? available };
        (int needed, int blocks) = engine.Scheduler.CacheDemand(request);
        if (needed <= blocks)
            return request;
        throw OpenAIException.Invalid(
            "The request needs more key-value cache than there is. Lower n or max_tokens, or start the engine with "
                + $"a larger --kv-cache-mib ({(long)needed * 100 / Math.Max(1, blocks)} % of the present one is "
                + "needed).",
            promptField,
            "kv_cache_exceeded"
        );
    }

    private static long? Seed(CheckedRequest request) =>
        request.Find("seed") is { } seed ? FieldValue.AsInteger(seed, "seed", long.MinValue, long.MaxValue) : null;

    private static string[] Stops(CheckedRequest request)
    {
        if (request.Find("stop") is not { } value)
            return [];
        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > MaximumStops)
            throw OpenAIException.Invalid(
                $"Invalid 'stop': array too long. Expected at most {MaximumStops} texts, but got "
                    + $"{value.GetArrayLength()}.",
                "stop",
                "array_above_max_length"
            );
        string[] stops =
            value.ValueKind == JsonValueKind.Array
                ? [.. value.EnumerateArray().Select(text => text.GetString()!)]
                : [value.GetString()!];
        return stops.Contains("")
            ? throw OpenAIException.Invalid(
                "Invalid 'stop': an empty text would end every answer at once. Leave it out.",
                "stop",
                "invalid_value"
            )
            : stops;
    }

    private static List<KeyValuePair<int, float>> LogitBias(CheckedRequest request, int vocabularySize)
    {
        var biases = new List<KeyValuePair<int, float>>();
        if (request.Find("logit_bias") is not { } value)
            return biases;
        foreach (JsonProperty entry in value.EnumerateObject())
        {
            int token = int.Parse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture);
            if (token >= vocabularySize)
            {
                throw OpenAIException.Invalid(
                    $"Invalid 'logit_bias.{entry.Name}': keys are token ids from 0 to {vocabularySize - 1}.",
                    "logit_bias",
                    "invalid_value"
                );
            }
            biases.Add(new(token, (float)entry.Value.GetDouble()));
        }
        return biases;
    }
}
