using System.Security.Cryptography;
using System.Text;
using DeterministicInference.ModelTools.Data;
using DeterministicInference.ModelTools.Scoring;
using Xunit;

namespace DeterministicInference.ModelTools.Tests.Scoring;

public sealed class ScorecardTests
{
    /// <summary>Identity of the 200 held-out prompts with what they expect.</summary>
    private const string HeldOut200 = "98C3D0446C5AC7583596FDF37E761887B4A4C1A5DD5806D5CB5E86DD868E2959";

    [Fact]
    public void The_200_held_out_prompts_are_the_known_ones_and_cover_all_kinds_alike()
    {
        IReadOnlyList<ScoredPrompt> prompts = HeldOutSet.Prompts(200);
        Assert.All(
            Enum.GetValues<Kind>(),
            kind => Assert.Equal(20, prompts.Count(prompt => prompt.Prompt.Kind == kind))
        );
        Assert.All(prompts, prompt => Assert.Equal(Role.User, prompt.Prompt.Turns[^1].Role));
        string text = string.Join(
            '\n',
            prompts.Select(p => string.Join('\t', p.Prompt.Turns.Select(turn => turn.Text)) + '\t' + p.Rule.Description)
        );
        Assert.Equal(HeldOut200, Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(text))));
    }

    [Fact]
    public void A_larger_set_begins_with_the_smaller_one()
    {
        string[] small = [.. HeldOutSet.Prompts(100).Select(prompt => prompt.Prompt.Turns[^1].Text)];
        string[] large = [.. HeldOutSet.Prompts(1000).Select(prompt => prompt.Prompt.Turns[^1].Text)];
        Assert.Equal(small, large.Take(100));
    }

    [Fact]
    public void The_expected_answers_score_everything_and_silence_scores_nothing()
    {
        IReadOnlyList<ScoredPrompt> prompts = HeldOutSet.Prompts(200);
        Dictionary<Conversation, string> expected = [];
        foreach (ScoredPrompt prompt in prompts)
        {
            string description = prompt.Rule.Description;
            expected.Add(
                prompt.Prompt,
                prompt.Prompt.Kind == Kind.Story
                    ? description[..^4] + " It was big. It was red. It slept."
                    : description
            );
        }

        Scorecard perfect = Scorecard.Measure(prompts, prompt => expected[prompt]);
        Scorecard silent = Scorecard.Measure([.. prompts, .. OffTemplateSet.Prompts], _ => "");
        Assert.Equal((200, 200), (perfect.Right, perfect.Total));
        Assert.Empty(perfect.Failures);
        Assert.Equal(0, silent.Right);
        Assert.Contains("| echo | 20 | 20 | 100.0 |", perfect.ToTable());
        Assert.Contains("| all | 200 | 200 | 100.0 |", perfect.ToTable());
    }

    [Fact]
    public void The_list_of_failures_names_question_answer_and_expectation()
    {
        ScoredPrompt prompt = new(
            Conversation.Ask(Kind.Arithmetic, "What is 1 + 1?"),
            AcceptanceRule.Exactly("1 + 1 = 2")
        );
        Scorecard card = Scorecard.Measure([prompt], _ => "1 + 1 = 3");
        Assert.Equal(
            "[Arithmetic] What is 1 + 1?\n  answer:   1 + 1 = 3\n  expected: 1 + 1 = 2\n",
            card.ListFailures()
        );
    }

    [Theory]
    [InlineData("Once upon a time there was a pirate. He sang. He ate. He slept.", true)]
    [InlineData("Once upon a time there was a squirrel. He sang. He ate. He slept.", false)]
    [InlineData("Once upon a time there was a pirate. He sang. He ate. He slept", false)]
    [InlineData("Once upon a time there was a pirate.", false)]
    public void A_story_must_open_with_its_subject_and_come_to_an_end(string answer, bool accepted)
    {
        Assert.Equal(accepted, AcceptanceRule.Story("Once upon a time there was a pirate.").Accepts(answer));
    }

    [Fact]
    public void No_off_template_prompt_is_accepted_for_another_answer_of_the_menu()
    {
        string[] answers =
        [
            "Hi.",
            "7",
            "The capital of Spain is Madrid.",
            "b-l-u-e",
            "Once upon a time there was a cat. It ran.",
        ];
        Assert.All(
            OffTemplateSet.Prompts,
            prompt => Assert.DoesNotContain(answers, answer => prompt.Rule.Accepts(answer))
        );
    }
}
