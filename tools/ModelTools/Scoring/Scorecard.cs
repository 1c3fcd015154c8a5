using System.Globalization;
using System.Text;
using DeterministicInference.ModelTools.Data;

namespace DeterministicInference.ModelTools.Scoring;

/// <summary>The score of a model on a set of prompts, per kind and in all, with every wrong answer.</summary>
internal sealed record Scorecard(IReadOnlyList<KindScore> Kinds, IReadOnlyList<Failure> Failures)
{
    public int Right => Kinds.Sum(kind => kind.Right);

    public int Total => Kinds.Sum(kind => kind.Total);

    /// <param name="prompts">What to ask.</param>
    /// <param name="answer">The model's greedy answer to a conversation that ends with a user turn.</param>
    public static Scorecard Measure(IEnumerable<ScoredPrompt> prompts, Func<Conversation, string> answer)
    {
        SortedDictionary<Kind, (int Right, int Total)> counts = [];
        List<Failure> failures = [];
        foreach (ScoredPrompt scored in prompts)
        {
            Conversation prompt = scored.Prompt;
            string text = answer(prompt);
            bool right = scored.Rule.Accepts(text);
            (int rightSoFar, int total) = counts.GetValueOrDefault(prompt.Kind);
            counts[prompt.Kind] = (rightSoFar + (right ? 1 : 0), total + 1);
            if (!right)
            {
                failures.Add(new Failure(prompt.Kind, prompt.Turns[^1].Text, text, scored.Rule.Description));
            }
        }

        return new Scorecard(
            [.. counts.Select(pair => new KindScore(pair.Key, pair.Value.Right, pair.Value.Total))],
            failures
        );
    }

    /// <summary>A Markdown table with one row per kind and one for all.</summary>
    public string ToTable()
    {
        StringBuilder table = new("| kind | right | of | % |\n| --- | ---: | ---: | ---: |\n");
        foreach (KindScore kind in Kinds)
        {
            AppendRow(table, kind.Kind.ToString().ToLowerInvariant(), kind.Right, kind.Total);
        }

        AppendRow(table, "all", Right, Total);
        return table.ToString();
    }

    /// <summary>Every wrong answer on three lines: question, answer, what was expected.</summary>
    public string ListFailures()
    {
        StringBuilder list = new();
        foreach (Failure failure in Failures)
        {
            list.Append(
                CultureInfo.InvariantCulture,
                $"[{failure.Kind}] {failure.Question}\n  answer:   {failure.Answer}\n  expected: {failure.Expected}\n"
            );
        }

        return list.ToString();
    }

    private static void AppendRow(StringBuilder table, string name, int right, int total)
    {
        double percent = total == 0 ? 0 : 100.0 * right / total;
        table.Append(CultureInfo.InvariantCulture, $"| {name} | {right} | {total} | {percent:F1} |\n");
    }
}
