using System.Text.RegularExpressions;
using DeterministicInference.ModelTools.Data;
using DeterministicInference.ModelTools.Data.Sources;
using DeterministicInference.ModelTools.Data.Tables;
using Xunit;

namespace DeterministicInference.ModelTools.Tests.Data;

/// <summary>Recomputes the answers of the corpus from their text, without the code that wrote them.</summary>
public sealed partial class AnswerTests
{
    private const int Documents = 60_000;

    [Fact]
    public void Every_sum_is_right_and_about_the_numbers_of_the_question()
    {
        int checkedInDigits = 0;
        foreach ((string question, string answer, bool isFirst) in CorpusFixture.Exchanges(Documents))
        {
            Match match = Calculation().Match(answer);
            if (!match.Success || question.StartsWith("say", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            int a = int.Parse(match.Groups[1].Value);
            int b = int.Parse(match.Groups[3].Value);
            int result = match.Groups[2].Value switch
            {
                "+" => a + b,
                "-" => a - b,
                _ => a * b,
            };
            Assert.Equal(result, int.Parse(match.Groups[4].Value));
            int[] asked = [.. Number().Matches(question).Select(m => int.Parse(m.Value))];
            if (isFirst && asked.Length == 2)
            {
                Assert.Equal([Math.Min(a, b), Math.Max(a, b)], asked.Order());
                checkedInDigits++;
            }
        }

        Assert.True(checkedInDigits > 8_000);
    }

    [Fact]
    public void Every_count_has_an_even_step_and_the_ends_that_were_asked_for()
    {
        int seen = 0;
        foreach ((string question, string answer, bool isFirst) in CorpusFixture.Exchanges(Documents))
        {
            if (!Count().IsMatch(answer))
            {
                continue;
            }

            int[] numbers = [.. Number().Matches(answer).Select(m => int.Parse(m.Value))];
            Assert.Single(numbers.Zip(numbers.Skip(1), (x, y) => y - x).Distinct());
            int[] asked = [.. Number().Matches(question).Select(m => int.Parse(m.Value))];
            if (
                isFirst
                && asked.Length == 2
                && !question.Contains("step", StringComparison.OrdinalIgnoreCase)
                && !question.Contains(" by ", StringComparison.OrdinalIgnoreCase)
                && !question.Contains("count in", StringComparison.OrdinalIgnoreCase)
            )
            {
                Assert.Equal((asked[0], asked[1]), (numbers[0], numbers[^1]));
                seen++;
            }
        }

        Assert.True(seen > 500);
    }

    [Fact]
    public void Every_spelling_is_right()
    {
        int seen = 0;
        foreach ((string question, string answer, bool isFirst) in CorpusFixture.Exchanges(Documents))
        {
            if (!isFirst || !Spelled().IsMatch(answer))
            {
                continue;
            }

            string word = answer.Split(' ')[0].Replace("-", "", StringComparison.Ordinal);
            Assert.Contains(word, question);
            Assert.True(IsRight(word, answer), answer);
            seen++;
        }

        Assert.True(seen > 4_000);
    }

    [Fact]
    public void Every_first_and_last_letter_is_right()
    {
        int seen = 0;
        foreach ((string question, string answer, _) in CorpusFixture.Exchanges(Documents))
        {
            Match match = EndLetter().Match(answer);
            string word = match.Groups[2].Value;
            if (match.Success && word.Length > 0 && question.Contains(word, StringComparison.Ordinal))
            {
                Assert.Equal(match.Groups[1].Value == "first" ? word[0] : word[^1], match.Groups[3].Value[0]);
                seen++;
            }
        }

        Assert.True(seen > 1_000);
    }

    [Fact]
    public void Every_echo_is_a_part_of_the_question()
    {
        foreach (Conversation document in CorpusFixture.Documents(Documents))
        {
            if (document.Kind == Kind.Echo && document.Keys.Count == 1)
            {
                Assert.Contains(document.Turns[^1].Text, document.Turns[^2].Text);
            }
        }
    }

    [Fact]
    public void Every_story_opens_names_its_subject_and_ends()
    {
        int seen = 0;
        foreach (Conversation document in CorpusFixture.Documents(Documents))
        {
            string answer = document.Turns[^1].Text;
            if (document.Kind != Kind.Story)
            {
                continue;
            }

            Assert.StartsWith("Once upon a time there ", answer);
            Assert.EndsWith(".", answer);
            Assert.InRange(answer.Count(c => c == '.'), 4, 7);
            Assert.DoesNotContain('{', answer);
            seen++;
        }

        Assert.True(seen > 2_000);
        Assert.Contains("there was a pirate. The pirate lived", StorySource.Singular("pirate"));
        Assert.Equal(StorySource.Singular("brall"), StorySource.Singular("brall"));
    }

    [Fact]
    public void No_wording_belongs_to_two_topics()
    {
        Topic[] topics =
        [
            .. ServerTopics.All,
            .. RunningTopics.All,
            .. RequestTopics.All,
            .. GreetingTopics.All,
            .. RefusalTopics.All,
            .. FactTables.Topics,
            .. StoryTables.WithoutSubject,
        ];
        Dictionary<string, string> answers = new(StringComparer.OrdinalIgnoreCase);
        foreach (Topic topic in topics)
        {
            foreach (Phrase phrase in topic.Wordings.All)
            {
                string text = phrase.Text.TrimEnd('.', '!', '?');
                Assert.True(answers.TryAdd(text, topic.Answer) || answers[text] == topic.Answer, text);
            }
        }
    }

    private static bool IsRight(string word, string answer)
    {
        if (!answer.Contains(' ', StringComparison.Ordinal))
        {
            return answer == string.Join('-', word.ToCharArray());
        }

        Match letters = LetterCount().Match(answer);
        if (letters.Success)
        {
            return word.Length == int.Parse(letters.Groups[1].Value);
        }

        Match occurrences = Occurrences().Match(answer);
        if (occurrences.Success)
        {
            string letter = occurrences.Groups[1].Value;
            return word.Count(c => char.ToLowerInvariant(c) == letter[0]) == int.Parse(occurrences.Groups[2].Value);
        }

        return answer.EndsWith($" backwards is {string.Join('-', word.Reverse())}.", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^(\d+) ([+x-]) (\d+) = (\d+)$")]
    private static partial Regex Calculation();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Number();

    [GeneratedRegex(@"^\d+(, \d+){2,}\.$")]
    private static partial Regex Count();

    [GeneratedRegex("^[A-Za-z](-[A-Za-z])+( |$)")]
    private static partial Regex Spelled();

    [GeneratedRegex("^The (first|last) letter of (\\w+) is (\\w)\\.$")]
    private static partial Regex EndLetter();

    [GeneratedRegex(@" has (\d+) letters\.$")]
    private static partial Regex LetterCount();

    [GeneratedRegex(@" has the letter (\w) (\d+) times?\.$")]
    private static partial Regex Occurrences();
}
