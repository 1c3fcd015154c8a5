using System.Text.Json;
using System.Text.Json.Nodes;

namespace DeterministicInference.FakeBackend;

/// <summary>A request that SGLang refuses: status, type and message of its flat error body.</summary>
internal sealed class RefusedException(int status, string type, string message) : Exception(message)
{
    public int Status { get; } = status;

    public string Type { get; } = type;
}

/// <summary>What matters here of a request to one of the two generating routes.</summary>
internal sealed record GenerationRequest
{
    private const int DefaultTokens = 16;

    /// <summary>SGLang's own when the deterministic mode is on.</summary>
    private const long DefaultSeed = 42;

    public required bool IsChat { get; init; }

    public required string Prompt { get; init; }

    public required string Model { get; init; }

    public required long Seed { get; init; }

    public required int Tokens { get; init; }

    public required int Choices { get; init; }

    public required bool IsStream { get; init; }

    public required bool IncludesUsage { get; init; }

    public required AnswerBehaviour Behaviour { get; init; }

    /// <exception cref="RefusedException">400, as from pydantic or from the handler.</exception>
    public static GenerationRequest Parse(string body, bool isChat, string model)
    {
        try
        {
            JsonObject json = JsonNode.Parse(body) as JsonObject ?? throw Invalid("Input should be a valid dictionary");
            JsonNode prompt = json[isChat ? "messages" : "prompt"] ?? throw Invalid($"[{{'type': 'missing', 'loc': ('body', '{(isChat ? "messages" : "prompt")}'), 'msg': 'Field required'}}]");
            if (prompt is JsonArray { Count: 0 }) throw new RefusedException(400, "BadRequestError", "Messages cannot be empty");
            double temperature = (double?)json["temperature"] ?? 1;
            if (temperature is < 0 or > 2) throw new RefusedException(400, "BadRequestError", $"temperature must be in [0, 2], got {temperature}.");
            return new GenerationRequest
            {
                IsChat = isChat,
                Prompt = prompt is JsonValue text && text.TryGetValue(out string? value) ? value : prompt.ToJsonString(),
                Model = (string?)json["model"] ?? model,
                Seed = (long?)json["seed"] ?? DefaultSeed,
                Tokens = (int?)(json["max_completion_tokens"] ?? json["max_tokens"]) ?? DefaultTokens,
                Choices = (int?)json["n"] ?? 1,
                IsStream = (bool?)json["stream"] ?? false,
                IncludesUsage = (bool?)json["stream_options"]?["include_usage"] ?? false,
                Behaviour = new AnswerBehaviour(json["fake"]),
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw Invalid(e.Message);
        }
    }

    private static RefusedException Invalid(string message) => new(400, "Bad Request", message);
}
