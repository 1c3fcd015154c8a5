using System.Text.Json.Nodes;
using DeterministicInference.Server.Tests.EndToEnd;

namespace DeterministicInference.Server.Tests.Dialects;

/// <summary>A request that every engine answers with as many tokens as it asks for.</summary>
internal sealed record DialectRequest(string Path)
{
    public const int Tokens = 12;

    public double Temperature { get; init; }

    public long? Seed { get; init; }

    public string Prompt { get; init; } = "Once upon a time";

    /// <summary>Members beside these, as raw text.</summary>
    public string More { get; init; } = "";

    public static DialectRequest Of(bool isChat) => new(isChat ? ApiClient.Chat : ApiClient.Completions);

    /// <summary>The request that is answered as JSON.</summary>
    public string Json => Text("");

    /// <summary>The request that is answered in events.</summary>
    public string Stream => Text(""","stream":true,"stream_options":{"include_usage":true}""");

    private string Text(string stream)
    {
        string prompt = Path == ApiClient.Chat ? $"\"messages\":[{{\"role\":\"user\",\"content\":\"{Prompt}\"}}]" : $"\"prompt\":\"{Prompt}\"";
        string seed = Seed is { } number ? $",\"seed\":{number}" : "", more = More.Length > 0 ? "," + More : "";
        // A model that could end its text of itself must not.
        return string.Create(null, $$"""{"model":"{{DialectServer.Model}}",{{prompt}},"max_tokens":{{Tokens}},"temperature":{{Temperature}},"ignore_eos":true{{seed}}{{stream}}{{more}}}""");
    }

    public async Task<string> TextAsync(ApiClient api) => TextOf(await api.JsonAsync(Path, Json));

    /// <summary>The text of an answer's only choice.</summary>
    public static string TextOf(JsonObject answer) => ChoiceText.Of(answer).Single().Text;

    /// <summary>Every chunk of a stream that is complete and ends with [DONE].</summary>
    public static async Task<IReadOnlyList<JsonObject>> ChunksAsync(ApiClient api, string path, string json)
    {
        using EventStream stream = await api.OpenAsync(path, json);
        var chunks = new List<JsonObject>();
        while (await stream.ReadAsync() is { } chunk) chunks.Add(chunk);
        return chunks;
    }
}
