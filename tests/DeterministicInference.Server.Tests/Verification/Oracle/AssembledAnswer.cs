using System.Text.Json.Nodes;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>A stream put together to one object, as the official clients' accumulators do.</summary>
internal static class AssembledAnswer
{
    public static string Of(IEnumerable<string> events)
    {
        JsonObject? answer = null;
        var choices = new SortedDictionary<int, JsonObject>();
        foreach (JsonObject chunk in events.Select(data => JsonNode.Parse(data)).OfType<JsonObject>())
        {
            answer ??= Head(chunk);
            if (chunk["usage"] is JsonObject usage)
                answer["usage"] = usage.DeepClone();
            foreach (JsonObject choice in (chunk["choices"] as JsonArray ?? []).OfType<JsonObject>())
            {
                int index = (int?)choice["index"] ?? 0;
                if (!choices.TryGetValue(index, out JsonObject? whole))
                    choices.Add(index, whole = new JsonObject { ["index"] = index });
                Add(whole, choice);
            }
        }
        answer!["choices"] = new JsonArray([.. choices.Values]);
        return answer.ToJsonString();
    }

    private static JsonObject Head(JsonObject chunk) =>
        new()
        {
            ["id"] = chunk["id"]?.DeepClone(),
            ["object"] = "chat.completion",
            ["created"] = chunk["created"]?.DeepClone(),
            ["model"] = chunk["model"]?.DeepClone(),
        };

    private static void Add(JsonObject whole, JsonObject choice)
    {
        if (choice["finish_reason"] is { } finish)
            whole["finish_reason"] = finish.DeepClone();
        if ((string?)choice["text"] is { } text)
            whole["text"] = (string?)whole["text"] + text;
        if (choice["logprobs"] is JsonObject logprobs)
            Append(Of(whole, "logprobs"), logprobs);
        if (choice["delta"] is not JsonObject delta)
            return;
        JsonObject message = Of(whole, "message");
        foreach ((string name, JsonNode? value) in delta)
        {
            if (name == "role")
                message[name] = value?.DeepClone();
            else if (name == "tool_calls")
                AddTools(message, value as JsonArray ?? []);
            else if (value is JsonObject call)
                AddCall(Of(message, name), call);
            else if (value is JsonValue)
                message[name] = (string?)message[name] + (string?)value;
        }
    }

    private static void AddTools(JsonObject message, JsonArray tools)
    {
        JsonArray all = message["tool_calls"] as JsonArray ?? [];
        message["tool_calls"] = all;
        foreach (JsonObject tool in tools.OfType<JsonObject>())
        {
            int index = (int?)tool["index"] ?? 0;
            while (all.Count <= index)
                all.Add(new JsonObject());
            JsonObject whole = all[index]!.AsObject();
            foreach ((string name, JsonNode? value) in tool)
            {
                if (value is JsonObject call)
                    AddCall(Of(whole, name), call);
                else if (name != "index" && value is not null)
                    whole[name] = value.DeepClone();
            }
        }
    }

    private static void AddCall(JsonObject whole, JsonObject call)
    {
        foreach ((string name, JsonNode? value) in call)
            whole[name] = (string?)whole[name] + (string?)value;
    }

    private static void Append(JsonObject whole, JsonObject lists)
    {
        foreach ((string name, JsonNode? value) in lists)
        {
            if (value is not JsonArray items)
                continue;
            JsonArray all = whole[name] as JsonArray ?? [];
            whole[name] = all;
            foreach (JsonNode? item in items)
                all.Add(item?.DeepClone());
        }
    }

    private static JsonObject Of(JsonObject parent, string name)
    {
        if (parent[name] is JsonObject there)
            return there;
        var made = new JsonObject();
        parent[name] = made;
        return made;
    }
}
