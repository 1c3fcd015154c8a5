using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Server.Gateway.Answers;

/// <summary>
/// Writes the log-probabilities of completions as the API has them, as parallel arrays, where an engine writes them in
/// the shape of chats (llama-server) or without offsets (SGLang). Offsets go on from event to event, choice by choice.
/// </summary>
/// <param name="withAlternatives">Whether the client asked for more than the chosen tokens.</param>
internal sealed class CompletionLogprobs(bool withAlternatives)
{
    private readonly Dictionary<int, int> _nextOffsets = [];

    /// <summary>The tokens within a place of the answer.</summary>
    public static ReadOnlySpan<ScoredToken> TokensIn(scoped in AnswerReading answer, in AnswerPart logprobs)
    {
        ReadOnlySpan<ScoredToken> all = answer.Scores;
        int first = 0;
        while (first < all.Length && all[first].Token.Start.Value < logprobs.ValueStart)
            first++;
        int end = first;
        while (end < all.Length && all[end].Token.End.Value <= logprobs.End)
            end++;
        return all[first..end];
    }

    /// <summary>Whether the tokens have the shape of chats.</summary>
    public static bool AreChats(ReadOnlySpan<ScoredToken> tokens) =>
        tokens.Length > 0 && tokens[0].Place == ScorePlace.Content;

    /// <summary>The object in the API's shape.</summary>
    public byte[] Translate(scoped in AnswerReading answer, ReadOnlySpan<ScoredToken> tokens)
    {
        string[] texts = Texts(answer, tokens);
        var scores = new double[tokens.Length];
        var alternatives = new List<(string Text, double Score)>[tokens.Length];
        for (int i = 0; i < tokens.Length; i++)
        {
            scores[i] = tokens[i].Text.Number;
            alternatives[i] = Alternatives(answer, tokens[i], texts[i]);
        }
        int[] offsets = Offsets(tokens[0].Choice, texts);
        return JsonBytes
            .Write(json =>
            {
                json.WriteStartObject();
                json.WriteStartArray("tokens");
                foreach (string text in texts)
                    json.WriteStringValue(text);
                json.WriteEndArray();
                json.WriteStartArray("token_logprobs");
                foreach (double score in scores)
                    WriteNumber(json, score);
                json.WriteEndArray();
                json.WriteStartArray("top_logprobs");
                foreach (List<(string Text, double Score)> some in alternatives)
                {
                    json.WriteStartObject();
                    foreach ((string text, double score) in some)
                    {
                        json.WritePropertyName(text);
                        WriteNumber(json, score);
                    }
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteStartArray("text_offset");
                foreach (int offset in offsets)
                    json.WriteNumberValue(offset);
                json.WriteEndArray();
                json.WriteEndObject();
            })
            .ToArray();
    }

    /// <summary>The array of offsets in place of one of nothing but -1; null keeps the engine's.</summary>
    public byte[]? Offsets(scoped in AnswerReading answer, ReadOnlySpan<ScoredToken> tokens, in AnswerPart array)
    {
        string text = Encoding.UTF8.GetString(answer.Json[array.Value][1..^1]);
        bool areUnknown =
            tokens.Length > 0 && text.Split(',').All(number => number.AsSpan().Trim().SequenceEqual("-1"));
        return areUnknown
            ? Encoding.ASCII.GetBytes($"[{string.Join(',', Offsets(tokens[0].Choice, Texts(answer, tokens)))}]")
            : null;
    }

    private int[] Offsets(int choice, string[] texts)
    {
        int next = _nextOffsets.GetValueOrDefault(choice);
        var offsets = new int[texts.Length];
        for (int i = 0; i < texts.Length; i++)
        {
            offsets[i] = next;
            next += texts[i].EnumerateRunes().Count();
        }
        _nextOffsets[choice] = next;
        return offsets;
    }

    /// <summary>
    /// The alternatives and the chosen token, which the API has among them. Of two of one text the first counts: names
    /// of an object are unique.
    /// </summary>
    private List<(string Text, double Score)> Alternatives(
        scoped in AnswerReading answer,
        in ScoredToken token,
        string text
    )
    {
        var found = new List<(string Text, double Score)>();
        if (withAlternatives)
        {
            foreach (
                ref readonly ScoredText other in answer.Alternatives.Slice(token.FirstAlternative, token.Alternatives)
            )
                Add(TextOf(answer, other), other.Number);
        }
        Add(text, token.Text.Number);
        return found;

        void Add(string name, double score)
        {
            if (!found.Any(known => known.Text == name))
                found.Add((name, score));
        }
    }

    private static string[] Texts(scoped in AnswerReading answer, ReadOnlySpan<ScoredToken> tokens)
    {
        var texts = new string[tokens.Length];
        for (int i = 0; i < tokens.Length; i++)
            texts[i] = TextOf(answer, tokens[i].Text);
        return texts;
    }

    /// <summary>The text of a token, with U+FFFD for half of a surrogate pair, which is not written.</summary>
    private static string TextOf(scoped in AnswerReading answer, in ScoredText token) =>
        Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(JsonStrings.Decode(answer.Json[token.Token])));

    private static void WriteNumber(Utf8JsonWriter json, double number)
    {
        if (double.IsNaN(number))
            json.WriteNullValue();
        else
            json.WriteNumberValue(number);
    }
}
