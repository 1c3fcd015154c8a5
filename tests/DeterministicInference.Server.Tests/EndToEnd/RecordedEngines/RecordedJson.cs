using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Tests.Answers;

namespace DeterministicInference.Server.Tests.EndToEnd.RecordedEngines;

/// <summary>The JSON of an answer: one object, or the events of a stream, without the mark of the end.</summary>
internal static class RecordedJson
{
    /// <summary>Members with token ids, of all engines.</summary>
    private static readonly string[] Ids = ["token_ids", "prompt_token_ids", "response_token_ids", "sglext"];

    public static IReadOnlyList<JsonObject> Read(string body, bool isStream) =>
        isStream
            ?
            [
                .. body.Split("\n\n")
                    .SelectMany(block => block.Split('\n'))
                    .Where(line => line.StartsWith("data: {", StringComparison.Ordinal))
                    .Select(line => JsonNode.Parse(line["data: ".Length..])!.AsObject()),
            ]
            : [JsonNode.Parse(body)!.AsObject()];

    /// <summary>What a client of this server is to get of a recorded answer.</summary>
    /// <param name="recording">The answer.</param>
    /// <param name="hidesIds">Whether the client did not ask for token ids.</param>
    public static IReadOnlyList<JsonObject> Expected(EngineRecording recording, bool hidesIds)
    {
        IReadOnlyList<JsonObject> events = Read(Encoding.UTF8.GetString(recording.Body), recording.IsStream);
        var expected = new List<JsonObject>();
        foreach (JsonObject one in events)
        {
            // SGLang has one id for each prompt of a stream.
            if (recording.IsStream)
                one["id"] = events[0]["id"]!.DeepClone();
            if (!(hidesIds && RemoveIds(one) && SaysNothing(one)))
                expected.Add(WithoutOffsets(one));
        }
        return expected;
    }

    /// <summary>What came, without what this server adds to a JSON answer.</summary>
    public static IReadOnlyList<JsonObject> Received(string body, bool isStream) =>
        [
            .. Read(body, isStream)
                .Select(one =>
                {
                    if (!isStream)
                    {
                        one.Remove("determinism");
                        one.Remove("environment");
                    }
                    return WithoutOffsets(one);
                }),
        ];

    /// <summary>
    /// Without <c>text_offset</c>, where SGLang writes -1 (see <see cref="Gateway.Answers.CompletionLogprobsTests"/>).
    /// </summary>
    private static JsonObject WithoutOffsets(JsonObject answer)
    {
        foreach (JsonNode? choice in answer["choices"]?.AsArray() ?? [])
            (choice?["logprobs"] as JsonObject)?.Remove("text_offset");
        return answer;
    }

    /// <returns>Whether there were any that are not null.</returns>
    private static bool RemoveIds(JsonObject answer)
    {
        bool removed = false;
        foreach (JsonObject part in answer["choices"]!.AsArray().Select(choice => choice!.AsObject()).Append(answer))
        {
            foreach (string name in Ids)
            {
                removed |= part[name] is not null;
                part.Remove(name);
            }
        }
        return removed;
    }

    private static bool SaysNothing(JsonObject answer) =>
        answer["usage"] is null
        && answer["choices"]!
            .AsArray()
            .All(choice =>
                choice!["finish_reason"] is null
                && choice["logprobs"] is null
                && choice["delta"] is JsonObject { Count: 0 }
            );
}
