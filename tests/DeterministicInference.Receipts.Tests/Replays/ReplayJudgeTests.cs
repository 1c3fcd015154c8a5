using System.Text;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Replays;
using DeterministicInference.Receipts.Tests.Statements;
using DeterministicInference.Receipts.Tokens;
using DeterministicInference.Receipts.Verification;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Replays;

public sealed class ReplayJudgeTests : IDisposable
{
    private readonly SampleReceipt _sample = new();
    private readonly SampleReceipt _bestEffort = new(promised: DeterminismClass.BestEffort);

    private static InferenceEnvironment OtherEnvironment { get; } =
        new([new("engine.name", new EnvironmentFact("sglang", FactSource.Measured))], []);

    [Fact]
    public void One_equal_replay_decides()
    {
        Assert.Equal(Verdict.Reproduced, Judge(_sample, Same()).Verdict);
        Assert.Equal(Verdict.Corroborated, Judge(_bestEffort, Same()).Verdict);
        Assert.Equal(Verdict.Corroborated, Judge(_sample, Elsewhere(Same())).Verdict);
        ReplayVerdict unknown = Judge(_sample, Same() with { EnvironmentId = null, Environment = null });
        Assert.Equal(
            (Verdict.Inconclusive, "the same answer came again, but the environment of the replay is unknown"),
            (unknown.Verdict, unknown.Reason)
        );
    }

    [Fact]
    public void What_nobody_shows_to_be_computed_anew_decides_nothing()
    {
        Replay stored = Same() with { Doubt = "it was stored" };
        ReplayVerdict same = Judge(_sample, stored);
        Assert.Equal(
            (Verdict.Inconclusive, "the same answer came again, but it was stored"),
            (same.Verdict, same.Reason)
        );
        Replay other = OtherTokens() with { Doubt = "it was stored" };
        ReplayVerdict different = Judge(_sample, other, other, other);
        Assert.Equal(
            (Verdict.Inconclusive, "differs at token 1 of choice 0, and it was stored"),
            (different.Verdict, different.Reason)
        );
    }

    /// <summary>The server that computes again may know a reason that the issuer did not.</summary>
    [Fact]
    public void A_replay_that_promises_nothing_does_not_contradict()
    {
        Replay same = Same() with { Class = DeterminismClass.BestEffort },
            other = OtherTokens() with { Class = DeterminismClass.BestEffort };
        Assert.Equal(Verdict.Corroborated, Judge(_sample, same).Verdict);
        Assert.Equal(Verdict.Inconclusive, Judge(_sample, other, other, other).Verdict);
        Assert.Equal(
            Verdict.Contradicted,
            Judge(
                _sample,
                [.. Enumerable.Repeat(OtherTokens() with { Class = DeterminismClass.Deterministic }, 3)]
            ).Verdict
        );
    }

    [Fact]
    public void What_was_not_compared_is_said() =>
        Assert.Equal(
            "another environment gives the same answer; log-probabilities and token ids were not compared",
            Judge(_sample, Elsewhere(Same() with { Tokens = null })).Reason
        );

    [Fact]
    public void A_difference_needs_three_replays()
    {
        ReplayJudge judge = Judge(_sample);
        Assert.Null(judge.Judge([OtherTokens()]));
        Assert.Null(judge.Judge([OtherTokens(), OtherTokens()]));
        Assert.Equal(Verdict.Contradicted, judge.Judge([OtherTokens(), OtherTokens(), OtherTokens()])!.Verdict);
    }

    [Fact]
    public void A_contradiction_names_the_token()
    {
        ReplayVerdict verdict = Judge(_sample, OtherTokens(), OtherTokens(), OtherTokens());
        Assert.Equal(new ReplayDifference(ReplayPart.Tokens, new TokenPlace(0, 1)), verdict.Difference);
        Assert.Contains("token 1 of choice 0", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_trail_the_place_is_unknown()
    {
        var judge = new ReplayJudge(_sample.Statement, _sample.Salts, null, _sample.Environment);
        ReplayDifference? difference = judge.Judge([OtherTokens(), OtherTokens(), OtherTokens()])!.Difference;
        Assert.Equal("the tokens, place unknown", difference!.ToString());
    }

    [Fact]
    public void A_server_that_disagrees_with_itself_shows_nothing()
    {
        ReplayVerdict verdict = Judge(_sample, OtherTokens(), Same(), Same());
        Assert.Equal(Verdict.Indeterminate, verdict.Verdict);
        Assert.Equal("of 3 answers of the server to one request not all are the same", verdict.Reason);
    }

    [Fact]
    public void Best_effort_and_other_environments_cannot_contradict()
    {
        Assert.Equal(Verdict.Inconclusive, Judge(_bestEffort, OtherTokens(), OtherTokens(), OtherTokens()).Verdict);
        ReplayVerdict elsewhere = Judge(
            _sample,
            Elsewhere(OtherTokens()),
            Elsewhere(OtherTokens()),
            Elsewhere(OtherTokens())
        );
        Assert.Equal(Verdict.Inconclusive, elsewhere.Verdict);
        Assert.EndsWith("the environments differ in engine.name", elsewhere.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_part_that_differs_is_named()
    {
        Assert.Equal(ReplayPart.Prompt, Part(OtherTokens() with { Prompt = SampleReceipt.PromptOf(9) }));
        Assert.Equal(ReplayPart.Text, Part(Same() with { Output = Other("Hello", "Hullo") }));
        Assert.Equal(ReplayPart.Logprobs, Part(Same() with { Output = Other("-0.5", "-0.25") }));

        ReplayPart Part(Replay replay) => Judge(_sample, replay, replay, replay).Difference!.Part;
    }

    /// <summary>An engine may put anything there, and they are compared with what a holder has alone.</summary>
    [Theory]
    [InlineData("\"é\"", "\"e\"")]
    [InlineData("\"stop_reason\":\"é\",", "")]
    [InlineData("org/tiny", "other")]
    [InlineData("\"total_tokens\":5", "\"total_tokens\":6")]
    public void Other_members_counts_and_the_model_are_not_compared(string part, string by)
    {
        OutputDigest other = Other(part, by);
        Assert.NotEqual(_sample.Output, other);
        Assert.Equal(Verdict.Reproduced, Judge(_sample, Same() with { Output = other }).Verdict);
    }

    /// <summary>Engines of one kind send them unasked; the receipt says what was asked for.</summary>
    [Fact]
    public void Log_probabilities_that_are_not_sealed_are_not_compared()
    {
        var judge = new ReplayJudge(_sample.Statement with { LogprobsCommitment = null }, _sample.Salts, null, null);
        Assert.Equal(Verdict.Reproduced, judge.Judge([Same()])!.Verdict);
    }

    [Fact]
    public void Log_probabilities_of_another_environment_are_not_compared() =>
        Assert.Equal(
            Verdict.Corroborated,
            Judge(_sample, Elsewhere(Same() with { Output = Other("-0.5", "-0.25") })).Verdict
        );

    [Fact]
    public void A_replay_without_the_log_probabilities_it_needs_is_an_error() =>
        Assert.Throws<ArgumentException>(() =>
            Judge(_sample).Judge([Same() with { Output = _sample.Output with { Logprobs = null } }])
        );

    [Fact]
    public void With_another_delivery_the_tokens_decide()
    {
        Replay streamed = Same() with { Delivery = AnswerDelivery.Sse, Output = Other("\"Hello\"}", "\"Hullo\"}") };
        Assert.Equal(Verdict.Reproduced, Judge(_sample, streamed).Verdict);

        Replay noTokens = streamed with { Tokens = null };
        ReplayVerdict verdict = Judge(_sample, noTokens, noTokens, noTokens);
        Assert.Equal(Verdict.Inconclusive, verdict.Verdict);
        Assert.Equal(ReplayPart.Text, verdict.Difference!.Part);
    }

    [Fact]
    public void Without_a_trail_the_ids_of_the_answer_give_the_place()
    {
        var judge = new ReplayJudge(_sample.Statement, _sample.Salts, null, null) { Recorded = AnswerOf(7, 8) };
        Replay other = OtherTokens() with { Answer = AnswerOf(7, 9) };
        Assert.Equal(new TokenPlace(0, 1), judge.Judge([other, other, other])!.Difference!.Token);
    }

    [Fact]
    public void Without_ids_the_text_gives_the_place()
    {
        var judge = new ReplayJudge(_sample.Statement, _sample.Salts, null, null)
        {
            Recorded = RecordedOf(SampleReceipt.Answer),
        };
        Replay text = Replay.Of(
            RecordedOf(SampleReceipt.Answer.Replace("Hello\"}", "Help\"}", StringComparison.Ordinal)),
            AnswerDelivery.Json
        ) with
        {
            EnvironmentId = _sample.Environment.Id,
        };
        ReplayVerdict verdict = judge.Judge([text, text, text])!;
        Assert.Equal(
            new ReplayDifference(ReplayPart.Text, null) { Text = new TextPlace(0, "content", 3) },
            verdict.Difference
        );
        Assert.EndsWith(
            "differs at byte 3 of content of choice 0, token unknown",
            verdict.Reason,
            StringComparison.Ordinal
        );

        Replay tokens = text with { Tokens = OtherTokens().Tokens };
        Assert.Equal(new TextPlace(0, "content", 3), judge.Judge([tokens, tokens, tokens])!.Difference!.Text);
    }

    [Fact]
    public void More_replays_can_be_asked_for()
    {
        var judge = new ReplayJudge(_sample.Statement, _sample.Salts, _sample.Tokens.Trail, null) { Runs = 4 };
        Assert.Null(judge.Judge([OtherTokens(), OtherTokens(), OtherTokens()]));
        Assert.Equal(
            Verdict.Contradicted,
            judge.Judge([OtherTokens(), OtherTokens(), OtherTokens(), OtherTokens()])!.Verdict
        );
        Assert.Null(new ReplayJudge(_sample.Statement, _sample.Salts, null, null) { Runs = 1 }.Judge([OtherTokens()]));
    }

    /// <summary>The sample has the tokens 7 and 8.</summary>
    [Theory]
    [InlineData("its tokens are the first ones of the replay", null, 7, 8)]
    [InlineData("its tokens are the first ones of the replay", null, 7, 8, 9, 10)]
    [InlineData("its tokens are not the first ones of the replay", 1, 7, 9, 10)]
    [InlineData("its tokens are not the first ones of the replay", 1, 7)]
    public void Of_an_answer_that_broke_off_the_tokens_so_far_are_compared(string reason, int? place, params int[] ids)
    {
        using var broken = new SampleReceipt(complete: false);
        var judge = new ReplayJudge(broken.Statement, broken.Salts, null, null) { Recorded = AnswerOf(7, 8) };
        ReplayVerdict verdict = judge.Judge([
            Replay.Of(AnswerOf([.. ids.Select(id => (uint)id)]), AnswerDelivery.Json),
        ])!;
        Assert.Equal(Verdict.Incomplete, verdict.Verdict);
        Assert.EndsWith(reason, verdict.Reason, StringComparison.Ordinal);
        Assert.Equal(place, verdict.Difference?.Token?.Token);
    }

    [Fact]
    public void Where_there_is_nothing_to_compare()
    {
        using var broken = new SampleReceipt(complete: false);
        Assert.Equal(Verdict.Unreachable, Judge(_sample).Judge([])!.Verdict);
        Assert.Equal(Verdict.Incomplete, Judge(broken).Judge([Same()])!.Verdict);
        Assert.Equal(
            Verdict.Inconclusive,
            new ReplayJudge(_sample.Statement, null, null, null).Judge([Same()])!.Verdict
        );
    }

    public void Dispose()
    {
        _sample.Dispose();
        _bestEffort.Dispose();
    }

    private static ReplayJudge Judge(SampleReceipt receipt) =>
        new(receipt.Statement, receipt.Salts, receipt.Tokens.Trail, receipt.Environment);

    private static ReplayVerdict Judge(SampleReceipt receipt, params Replay[] replays) =>
        Judge(receipt).Judge(replays)!;

    private static RecordedAnswer RecordedOf(string answer) =>
        RecordedAnswer.Read(Encoding.UTF8.GetBytes(answer), AnswerDelivery.Json, Vectors.Salts, logprobs: true);

    private static RecordedAnswer AnswerOf(params uint[] ids) =>
        RecordedOf(
            SampleReceipt
                .Answer.Replace(
                    "\"finish_reason\"",
                    $"\"token_ids\":[{string.Join(",", ids)}],\"finish_reason\"",
                    StringComparison.Ordinal
                )
                .Replace("\"completion_tokens\":2", $"\"completion_tokens\":{ids.Length}", StringComparison.Ordinal)
        );

    private Replay Same() =>
        new(_sample.Output, AnswerDelivery.Json)
        {
            Tokens = _sample.Tokens,
            Prompt = _sample.Prompt,
            EnvironmentId = _sample.Environment.Id,
            Environment = _sample.Environment,
        };

    private Replay OtherTokens() => Same() with { Tokens = SampleReceipt.TokensOf(7, 9) };

    private static Replay Elsewhere(Replay replay) =>
        replay with
        {
            EnvironmentId = OtherEnvironment.Id,
            Environment = OtherEnvironment,
        };

    private static OutputDigest Other(string part, string by) =>
        SampleReceipt.OutputOf(SampleReceipt.Answer.Replace(part, by, StringComparison.Ordinal));
}
