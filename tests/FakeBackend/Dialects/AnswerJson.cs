using System.Text.Json.Nodes;

namespace DeterministicInference.FakeBackend.Dialects;

/// <summary>One event of a stream.</summary>
/// <param name="Data">What follows "data: "; JSON's null where it is null.</param>
/// <param name="IsText">Whether it carries generated text.</param>
/// <param name="Name">The event's name; null is none.</param>
internal readonly record struct Chunk(JsonObject? Data, bool IsText, string? Name = null);

/// <summary>Bodies and chunks with an engine's members in the engine's order.</summary>
/// <param name="request">What is answered.</param>
internal abstract class AnswerJson(GenerationRequest request)
{
    protected GenerationRequest Request { get; } = request;

    /// <summary>Of all prompts.</summary>
    protected int PromptTokens { get; } = request.Prompts.Sum(prompt => FakeText.PromptIdsOf(prompt).Length);

    public string Body(IReadOnlyList<Generation> choices)
    {
        string json = BodyOf(choices).ToJsonString();
        return Request.Behaviour.ExtraMember is { } extra ? $"{json[..^1]},{extra}}}" : json;
    }

    protected abstract JsonObject BodyOf(IReadOnlyList<Generation> choices);

    /// <summary>All events of a stream but [DONE].</summary>
    public abstract IEnumerable<Chunk> Chunks(IReadOnlyList<Generation> choices);

    /// <summary>The chunk of a choice that the engine gave up.</summary>
    public abstract JsonObject AbortChunk(int index);

    /// <summary>An error after the headers.</summary>
    public abstract string ErrorEvent { get; }

    protected static JsonArray Ids(IEnumerable<int> ids) => [.. ids.Select(id => (JsonNode)id)];

    protected static JsonArray Ids(IEnumerable<Token> tokens) => Ids(tokens.Select(token => token.Id));

    /// <summary>The ids of the prompt that a choice continues.</summary>
    protected JsonArray PromptIds(int choice = 0) =>
        Ids(FakeText.PromptIdsOf(Request.Prompts[choice / Request.Seeds.Count]));

    /// <summary>Word by word, every choice's before the next word.</summary>
    protected static IEnumerable<(int Choice, Token Token, bool IsLast)> Interleaved(IReadOnlyList<Generation> choices)
    {
        for (int i = 0; i < choices.Max(choice => choice.Tokens.Count); i++)
        {
            for (int choice = 0; choice < choices.Count; choice++)
            {
                IReadOnlyList<Token> tokens = choices[choice].Tokens;
                if (i < tokens.Count)
                    yield return (choice, tokens[i], i + 1 == tokens.Count);
            }
        }
    }
}
