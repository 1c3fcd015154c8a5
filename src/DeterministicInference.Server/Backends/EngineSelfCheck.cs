using System.Buffers;
using System.Net;
using System.Text.Json;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Backends;

/// <summary>
/// Tries whether an engine keeps to the seeds that it is given: some prompts at a high temperature, each with two seeds, all at once,
/// and then the first of them once more, alone. A seed that counts changes at least one of the texts; a repetition changes none.
/// </summary>
/// <param name="title">What messages call the engine.</param>
/// <param name="model">Name under which it serves the model.</param>
/// <param name="calls">How it is asked.</param>
internal sealed class EngineSelfCheck(string title, string model, EngineCalls calls)
{
    private const string Path = "/v1/completions";

    /// <summary>Enough for a repetition to differ somewhere, and a fraction of a second of an engine's time.</summary>
    private const int Tokens = 8;

    private const double Temperature = 1.8;

    private const long OneSeed = 1, OtherSeed = 2;

    private static readonly string[] Prompts = ["The weather today is", "1, 2, 3,", "Once upon a time", "A list of colours:"];

    /// <summary>Tokens that one run costs the engine, prompts not counted.</summary>
    public static int Cost => Tokens * (2 * Prompts.Length + 1);

    /// <returns>What speaks against its determinism.</returns>
    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellation)
    {
        try
        {
            string[] texts = await Task.WhenAll(Prompts.SelectMany(prompt => (Task<string>[])[TextAsync(prompt, OneSeed, cancellation), TextAsync(prompt, OtherSeed, cancellation)]));
            string again = await TextAsync(Prompts[0], OneSeed, cancellation);
            return [.. Judge(texts, again)];
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or UnfitAnswerException)
        {
            return [Incomplete(e is UnfitAnswerException ? e.Message : "it gave no answer of the expected form")];
        }
    }

    /// <summary>For a check that could not be made.</summary>
    public Finding Incomplete(string reason) => Finding.Undermines("self_check_incomplete",
        $"Whether {title} keeps to seeds could not be tried: {reason}. Look into its log, and restart this server to try again.");

    private IEnumerable<Finding> Judge(string[] texts, string again)
    {
        if (texts.Chunk(2).All(pair => pair[0] == pair[1]))
        {
            yield return Finding.Undermines("seed_ignored",
                $"This build of {title} ignores the seeds of requests, as SGLang before 2025-12-19 does. Upgrade it.");
        }
        if (texts[0] != again)
        {
            yield return Finding.Undermines("not_repeated",
                $"{title} did not repeat itself: one request got two answers. Upgrade it, leave its own arguments out, and measure it again.");
        }
    }

    private async Task<string> TextAsync(string prompt, long seed, CancellationToken cancellation)
    {
        (HttpStatusCode status, byte[] body) = await calls.PostAsync(Path, Request(prompt, seed), cancellation);
        if (status != HttpStatusCode.OK) throw new UnfitAnswerException($"{Path} answers {(int)status}");
        using JsonDocument answer = JsonDocument.Parse(body);
        return answer.RootElement.ValueKind == JsonValueKind.Object
            && answer.RootElement.TryGetProperty("choices", out JsonElement choices) && choices.ValueKind == JsonValueKind.Array && choices.GetArrayLength() == 1
            && choices[0].ValueKind == JsonValueKind.Object && choices[0].TryGetProperty("text", out JsonElement text) && text.ValueKind == JsonValueKind.String
                ? text.GetString()!
                : throw new UnfitAnswerException($"{Path} answers without a text");
    }

    private ReadOnlyMemory<byte> Request(string prompt, long seed)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, ApiJson.WriterOptions))
        {
            json.WriteStartObject();
            json.WriteString("model", model);
            json.WriteString("prompt", prompt);
            json.WriteNumber("max_tokens", Tokens);
            json.WriteNumber("temperature", Temperature);
            json.WriteNumber("seed", seed);
            json.WriteEndObject();
        }
        return buffer.WrittenMemory;
    }

    private sealed class UnfitAnswerException(string message) : Exception(message);
}
