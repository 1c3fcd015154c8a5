using System.Text.RegularExpressions;
using DeterministicInference.ModelTools.Data;
using DeterministicInference.ModelTools.Data.Sources;
using DeterministicInference.ModelTools.Scoring;
using Xunit;

namespace DeterministicInference.ModelTools.Tests.Data;

public sealed partial class HoldOutTests
{
    [Fact]
    public void No_held_out_key_occurs_in_the_first_200000_training_documents()
    {
        long keys = 0;
        foreach (Conversation document in CorpusFixture.Documents(200_000))
        {
            foreach (ulong key in document.Keys)
            {
                Assert.False(HoldOut.Contains(key));
                keys += key == 0 ? 0 : 1;
            }
        }

        Assert.True(keys > 100_000);
    }

    [Fact]
    public void No_held_out_sum_or_difference_is_answered_in_training()
    {
        int seen = 0;
        foreach ((_, string answer, _) in CorpusFixture.Exchanges(100_000))
        {
            Match match = Sum().Match(answer);
            if (match.Success)
            {
                seen++;
                Assert.False(
                    HoldOut.Contains(
                        ArithmeticSource.Key(
                            match.Groups[2].Value[0],
                            int.Parse(match.Groups[1].Value),
                            int.Parse(match.Groups[3].Value)
                        )
                    ),
                    answer
                );
            }
        }

        Assert.True(seen > 10_000);
    }

    [Fact]
    public void No_held_out_prompt_occurs_in_training()
    {
        HashSet<string> prompts =
        [
            .. HeldOutSet.Prompts(400).Where(p => p.Prompt.Turns.Count == 1).Select(p => Bare(p.Prompt.Turns[0].Text)),
        ];
        string[] trained =
        [
            .. CorpusFixture.Exchanges(200_000).Select(e => Bare(e.Question)).Where(prompts.Contains).Distinct(),
        ];
        Assert.Empty(trained);
    }

    [Fact]
    public void About_a_tenth_of_all_sums_and_differences_is_held_out()
    {
        int held = 0;
        int all = 0;
        for (int a = 0; a < 100; a++)
        {
            for (int b = 0; b <= a; b++)
            {
                held += HoldOut.Contains(ArithmeticSource.Key('-', a, b)) ? 1 : 0;
                held += HoldOut.Contains(ArithmeticSource.Key('+', a, b)) ? 1 : 0;
                all += 2;
                Assert.Equal(ArithmeticSource.Key('+', a, b), ArithmeticSource.Key('+', b, a));
            }
        }

        Assert.InRange((double)held / all, 0.09, 0.11);
    }

    private static string Bare(string text) => text.TrimEnd('.', '?', '!').ToLowerInvariant();

    [GeneratedRegex(@"^(\d+) ([+-]) (\d+) = \d+$")]
    private static partial Regex Sum();
}
