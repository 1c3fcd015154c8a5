using System.Text.Json.Nodes;

namespace DeterministicInference.Server.Tests.EndToEnd.Dialects;

/// <summary>A request that every engine answers with as many tokens as it asks for.</summary>
internal sealed record DialectRequest(string Path)
{
    public const int Tokens = 12;

    public double Temperature { get; init; }

    public long? Seed { get; init; }

    public string Prompt { get; init; } = "Once upon a time";

    /// <summary>
    /// Whether the answer continues after an end token, so that its length does not depend on the model.
    /// </summary>
    public bool IgnoresEnd { get; init; } = true;

    /// <summary>Members beside these, as raw text.</summary>
    public string More { get; init; } = "";

    /// <param name="isChat">Which route.</param>
    /// <param name="dialect">The engine that answers; TGI can't continue after an end token.</param>
    public static DialectRequest Of(bool isChat, string? dialect = null) =>
        new(isChat ? ApiClient.Chat : ApiClient.Completions) { IgnoresEnd = dialect != Dialect.Tgi };

    /// <summary>The request that is answered as JSON.</summary>
    public string Json => Text("");

    /// <summary>The streaming request.</summary>
    public string Stream => Text(""","stream":true,"stream_options":{"include_usage":true}""");

    private string Text(string stream)
    {
        string prompt =
            Path == ApiClient.Chat
                ? $"\"messages\":[{{\"role\":\"user\",\"content\":\"{Prompt}\"}}]"
                : $"\"prompt\":\"{Prompt}\"";
        string seed = Seed is { } number ? $",\"seed\":{number}" : "",
            end = IgnoresEnd ? ",\"ignore_eos\":true" : "",
            more = More.Length > 0 ? "," + More : "";
        return string.Create(
            null,
            $$"""{"model":"{{DialectServer.Model}}",{{prompt}},"max_tokens":{{Tokens}},"temperature":{{Temperature}}"""
                + $$"""{{end}}{{seed}}{{stream}}{{more}}}"""
        );
    }

    public async Task<string> TextAsync(ApiClient api) => TextOf(await api.JsonAsync(Path, Json));

    /// <summary>The text of an answer's only choice.</summary>
    public static string TextOf(JsonObject answer) => ChoiceText.Of(answer).Single().Text;

    /// <summary>Every chunk of a stream that is complete and ends with [DONE].</summary>
    public static async Task<IReadOnlyList<JsonObject>> ChunksAsync(ApiClient api, string path, string json)
    {
        using EventStream stream = await api.OpenAsync(path, json);
        var chunks = new List<JsonObject>();
        while (await stream.ReadAsync() is { } chunk)
            chunks.Add(chunk);
        return chunks;
    }
}
