using System.Text.Json;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Output;

namespace DeterministicInference.Receipts.Tokens;

/// <summary>
/// Chains the token ids that an engine reports while its answer passes by: <c>choices[].token_ids</c> (vLLM, SGLang, the embedded engine)
/// or <c>sglext.output_ids</c> (SGLang, one list per choice, in the last event); prompts from <c>prompt_token_ids</c>, at the top level or in a
/// choice, or <c>sglext.input_ids</c>. Keeps 32 bytes per chain and two per token, and allocates nothing per event. For one caller at a time.
/// </summary>
/// <param name="salt">The receipt's.</param>
/// <param name="choicesPerPrompt">See <see cref="ChoicesPerPrompt"/>.</param>
/// <param name="keep">Also keep the generated ids, for <see cref="OfChoice"/>.</param>
public sealed class ReportedTokens(Salt salt, int choicesPerPrompt = 1, bool keep = false)
{
    private readonly TokenChain tokens = TokenChain.OfChoices(salt), prompts = TokenChain.OfPrompts(salt);
    private readonly SortedSet<int> choices = [];
    private readonly Dictionary<int, List<uint>> kept = [];
    private readonly int choicesPerPrompt = Math.Max(choicesPerPrompt, 1);
    private Route route;
    private long counted;
    private bool partial, textAlone;

    private enum Route
    {
        None,
        Choices,
        Extension,
    }

    /// <summary>The generated tokens so far; null if the engine did not report the ids of all of them.</summary>
    public TokenDigest? Tokens => !partial && tokens.HasExactly(choices.Count) && tokens.Total >= counted ? tokens.Current() : null;

    /// <summary>The prompts' tokens; null likewise.</summary>
    public TokenDigest? Prompt =>
        !partial && choices.Count > 0 && prompts.HasExactly(choices.Max / choicesPerPrompt + 1) ? prompts.Current() : null;

    /// <summary>How many choices the answer has for each prompt: the request's <c>n</c>, 1 where it has none.</summary>
    /// <param name="request">The request as the engine gets it.</param>
    public static int ChoicesPerPrompt(ReadOnlySpan<byte> request)
    {
        try
        {
            Utf8JsonReader reader = CanonicalJson.Reader(CanonicalJson.WithoutMark(request), CanonicalRequest.MaxDepth);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool matches = reader.ValueTextEquals("n"u8);
                reader.Read();
                if (matches && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int n) && n > 0) return n;
                reader.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // A request that an engine does not answer.
        }
        return 1;
    }

    /// <summary>
    /// Adds a whole JSON answer, or one event of a stream but not the final <c>[DONE]</c>. One that can't be read makes the report a partial one.
    /// </summary>
    /// <param name="json">The body, or the event's data.</param>
    public void Append(ReadOnlySpan<byte> json)
    {
        try
        {
            json = CanonicalJson.WithoutMark(json);
            if (!new TokenReportReader(json, this).Read()) partial = true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: half of a surrogate pair in a name.
            partial = true;
        }
    }

    /// <summary>The ids of a choice as far as they were reported, if they are kept; else none.</summary>
    /// <param name="index">Of the choice.</param>
    public IReadOnlyList<uint> OfChoice(int index) => kept.GetValueOrDefault(index) ?? (IReadOnlyList<uint>)[];

    /// <summary>A choice is there.</summary>
    internal void See(int choice) => choices.Add(choice);

    /// <summary>Text came without the ids of its tokens, before the end of the choice.</summary>
    internal void SeeTextAlone(int choice)
    {
        // Before any id the choice may be one whose ids come in the last event.
        if (route == Route.Choices || tokens.Has(choice)) partial = true;
        else textAlone = true;
    }

    /// <summary>False if the ids of this answer come by the other way: the same ids must not be counted twice.</summary>
    internal bool BeginChoice(int choice)
    {
        if (route == Route.Extension) return false;
        route = Route.Choices;
        if (textAlone) partial = true;
        tokens.Append(choice, []);
        return true;
    }

    /// <inheritdoc cref="BeginChoice"/>
    internal bool BeginExtension(int choice)
    {
        if (route == Route.Choices) return false;
        route = Route.Extension;
        // A second report would be another one.
        if (tokens.Has(choice)) partial = true;
        tokens.Append(choice, []);
        return true;
    }

    internal void AddToken(int choice, uint id)
    {
        tokens.Append(choice, id);
        if (!keep) return;
        if (!kept.TryGetValue(choice, out List<uint>? ids)) kept.Add(choice, ids = []);
        ids.Add(id);
    }

    /// <summary>False if the ids of this prompt are known: every choice repeats them.</summary>
    internal bool BeginPrompt(int choice, out int prompt)
    {
        prompt = choice / choicesPerPrompt;
        if (prompts.Has(prompt)) return false;
        prompts.Append(prompt, []);
        return true;
    }

    internal void AddPromptToken(int prompt, uint id) => prompts.Append(prompt, id);

    /// <summary>What the engine says that it generated: fewer ids are not all of them.</summary>
    internal void Count(long generated) => counted = generated;
}
