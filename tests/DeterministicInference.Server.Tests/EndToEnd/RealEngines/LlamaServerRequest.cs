using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Tests;

namespace DeterministicInference.Server.Tests.EndToEnd.RealEngines;

/// <summary>A request to a real llama-server, and what its answer is to be.</summary>
/// <param name="Path">The route.</param>
/// <param name="Json">The body.</param>
internal sealed record LlamaServerRequest(string Path, string Json)
{
    private const string Image = "data:image/png;base64,iVBORw0KGgo=";

    /// <summary>Field and code of the refusal, with a space between; null for an answer.</summary>
    public string? Refusal { get; private init; }

    public int Choices { get; private init; } = 1;

    public bool HasLogprobs { get; private init; }

    /// <summary>Requests of all kinds, the same each time.</summary>
    public static IEnumerable<LlamaServerRequest> Mixed(int count)
    {
        var random = new SeededValues(2026);
        for (int i = 0; i < count; i++)
            yield return i % 10 == 9 ? Refused(random) : Answered(i % 10, random);
    }

    private static LlamaServerRequest Answered(int kind, SeededValues random)
    {
        var json = new JsonObject { ["max_tokens"] = 1 + random.Below(6), ["temperature"] = random.Of([0, 0.7, 1.0]) };
        if (!random.OneIn(4))
            json["seed"] = random.Below(int.MaxValue);
        if (random.OneIn(2))
        {
            json["stream"] = true;
            if (random.OneIn(2))
                json["stream_options"] = new JsonObject { ["include_usage"] = true };
        }
        string text = random.Of(["Name a colour", "Count to three", "Größe 🙂 \u2028 \"x\"", "Once upon a time"]);
        switch (kind)
        {
            case 0 or 1:
                return Chat(json, text);
            case 2:
                (json["logprobs"], json["top_logprobs"]) = (true, random.Below(3));
                return Chat(json, text) with { HasLogprobs = true };
            case 3:
                json["tools"] = Tools();
                json["tool_choice"] = random.Of(["auto", "required", "none"]);
                json["max_tokens"] = 24;
                return Chat(json, text);
            case 4:
                json["response_format"] = Schema("object");
                json["max_tokens"] = 16;
                return Chat(json, text);
            case 5:
                (json["stop"], json["frequency_penalty"]) = (new JsonArray(".", "e"), 0.5);
                return Chat(json, text);
            case 6:
                json["logprobs"] = random.Below(3);
                return Completion(json, text) with { HasLogprobs = true };
            case 7:
                return Completion(json, new JsonArray(text, "The sky")) with { Choices = 2 };
            default:
                return Completion(json, text);
        }
    }

    private static LlamaServerRequest Refused(SeededValues random)
    {
        var json = new JsonObject { ["max_tokens"] = 2, ["stream"] = random.OneIn(2) };
        switch (random.Below(7))
        {
            case 0:
                return Chat(json, string.Concat(Enumerable.Repeat("word ", 600))) with
                {
                    Refusal = "messages context_length_exceeded",
                };
            case 1:
                return Completion(json, string.Concat(Enumerable.Repeat("word ", 600))) with
                {
                    Refusal = "prompt context_length_exceeded",
                };
            case 2:
                var part = new JsonObject
                {
                    ["type"] = "image_url",
                    ["image_url"] = new JsonObject { ["url"] = Image },
                };
                return Chat(json, new JsonArray(part)) with { Refusal = "messages " };
            case 3:
                json["temperature"] = "hot";
                return Chat(json, "x") with { Refusal = "temperature invalid_type" };
            case 4:
                json["n"] = 2;
                return Completion(json, "x") with { Refusal = "n nondeterministic_request" };
            case 5:
                json["max_tokens"] = 0;
                return Completion(json, "x") with { Refusal = "max_tokens unsupported_parameter" };
            default:
                json["response_format"] = Schema("nonsense");
                // Its words may also be about the schema of a tool.
                return Chat(json, "x") with { Refusal = " " };
        }
    }

    private static LlamaServerRequest Chat(JsonObject json, JsonNode content)
    {
        json["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = content });
        return new LlamaServerRequest(ApiClient.Chat, json.ToJsonString());
    }

    private static LlamaServerRequest Completion(JsonObject json, JsonNode prompt)
    {
        json["prompt"] = prompt;
        return new LlamaServerRequest(ApiClient.Completions, json.ToJsonString());
    }

    private static JsonArray Tools() =>
        [
            JsonNode.Parse(
                """
                {"type":"function","function":{"name":"weather","description":"Weather of a city",
                "parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}
                """
            ),
        ];

    private static JsonNode Schema(string type) =>
        JsonNode.Parse(
            $$$"""
            {"type":"json_schema","json_schema":{"name":"colour","schema":{"type":"{{{type}}}",
            "properties":{"red":{"type":"integer"}},"required":["red"]} } }
            """
        )!;
}
