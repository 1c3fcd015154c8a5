using Xunit;

namespace DeterministicInference.Server.Tests.Engines.Embedded;

/// <summary>A request that is sent repeatedly.</summary>
/// <param name="Chat">Whether it is a chat or a completion.</param>
/// <param name="Temperature">0 or above.</param>
/// <param name="Seed">Seed of the sampling.</param>
internal sealed record Generation(bool Chat, double Temperature, long Seed)
{
    private const int Tokens = 48;

    private string Fields
    {
        get
        {
            string prompt = Chat
                ? "\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]"
                : "\"prompt\":\"Once upon a time\"";
            // Past the end token, where even a confident model has to draw.
            return string.Create(
                null,
                $"{prompt},\"max_tokens\":{Tokens},\"temperature\":{Temperature},\"seed\":{Seed},\"ignore_eos\":true,"
                    + $"\"return_token_ids\":true"
            );
        }
    }

    private string Path => Chat ? ApiClient.Chat : ApiClient.Completions;

    public async Task<ChoiceText> JsonAsync(ApiClient api) =>
        Complete(ChoiceText.Of(await api.JsonAsync(Path, $$"""{{{Fields}}}""")));

    public async Task<ChoiceText> StreamAsync(ApiClient api) =>
        Complete(ChoiceText.Of(await api.StreamAsync(Path, $$"""{{{Fields}},"stream":true}""")));

    /// <summary>Fails unless all answers are the same in text, tokens and end.</summary>
    public static void RequireOne(IReadOnlyCollection<ChoiceText> answers)
    {
        Assert.NotEmpty(answers);
        ChoiceText[] distinct = [.. answers.Distinct()];
        Assert.True(
            distinct.Length == 1,
            $"{answers.Count} answers, {distinct.Length} different: "
                + $"{string.Join('\n', distinct.Select(answer => answer.ToString()))}"
        );
    }

    private static ChoiceText Complete(IReadOnlyList<ChoiceText> choices)
    {
        ChoiceText choice = Assert.Single(choices);
        Assert.Equal(Tokens, choice.TokenIds.Split(',').Length);
        Assert.Equal("length", choice.Finish);
        return choice;
    }
}
