using DeterministicInference.ModelTools.Data;

namespace DeterministicInference.ModelTools.Scoring;

/// <summary>
/// Generated questions whose keys never occur in training, in a fixed order in which the kinds take turns.
/// </summary>
internal static class HeldOutSet
{
    private const ulong Seed = 20260101;

    private const int MostRepeated = 20;

    private static readonly Kind[] Kinds = Enum.GetValues<Kind>();

    /// <summary>The first <paramref name="count"/> prompts: a larger count only adds prompts.</summary>
    public static IReadOnlyList<ScoredPrompt> Prompts(int count)
    {
        Corpus corpus = new(Seed, pieces: []);
        List<ScoredPrompt> prompts = [];
        HashSet<string> seen = [];
        for (int i = 0, attempt = 0, repeated = 0; i < count; attempt++)
        {
            Conversation conversation = corpus.HeldOut(Kinds[i % Kinds.Length], attempt);
            string question = string.Join(
                '\n',
                conversation.Turns.Select(turn => turn.Text.Trim('.', '?', '!').ToLowerInvariant())
            );

            // A large set runs out of wordings of the small kinds; it may then repeat one.
            if (seen.Add(question) || ++repeated > MostRepeated)
            {
                prompts.Add(new ScoredPrompt(conversation.WithoutLastTurn(), RuleFor(conversation)));
                i++;
                repeated = 0;
            }
        }

        return prompts;
    }

    private static AcceptanceRule RuleFor(Conversation conversation)
    {
        string expected = conversation.Turns[^1].Text;
        return conversation.Kind == Kind.Story
            ? AcceptanceRule.Story(expected[..(expected.IndexOf('.', StringComparison.Ordinal) + 1)])
            : AcceptanceRule.Exactly(expected);
    }
}
