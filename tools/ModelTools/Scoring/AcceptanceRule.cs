namespace DeterministicInference.ModelTools.Scoring;

/// <summary>Decides whether an answer is right.</summary>
/// <param name="Description">What is expected, for the list of failures.</param>
/// <param name="Accepts">True for a right answer.</param>
internal sealed record AcceptanceRule(string Description, Func<string, bool> Accepts)
{
    private const int FewestSentences = 4;
    private const int MostSentences = 7;

    /// <summary>The text itself, white space at the ends aside.</summary>
    public static AcceptanceRule Exactly(string text) => new(text, answer => answer.Trim() == text);

    /// <summary>At least one of the texts occurs, in any casing.</summary>
    public static AcceptanceRule AnyOf(params string[] texts) =>
        new($"any of: {string.Join(" / ", texts)}", answer => texts.Any(text => Has(answer, text)));

    /// <summary>All of the texts occur, in any casing.</summary>
    public static AcceptanceRule AllOf(params string[] texts) =>
        new($"all of: {string.Join(" + ", texts)}", answer => texts.All(text => Has(answer, text)));

    /// <summary>
    /// A story: begins with the given sentence, which names the subject, ends with a full stop and has four to seven
    /// sentences. Which of the plots is told does not matter.
    /// </summary>
    public static AcceptanceRule Story(string firstSentence) =>
        new(
            $"{firstSentence} ...",
            answer =>
            {
                string text = answer.Trim();
                int sentences = text.Count(c => c == '.');
                return text.StartsWith(firstSentence, StringComparison.Ordinal)
                    && text.EndsWith('.')
                    && sentences is >= FewestSentences and <= MostSentences;
            }
        );

    private static bool Has(string answer, string text) => answer.Contains(text, StringComparison.OrdinalIgnoreCase);
}
