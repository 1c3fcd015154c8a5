using System.Text;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tests.Statements;
using DeterministicInference.Receipts.Tokens;
using DeterministicInference.Receipts.Verification;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Verification;

/// <summary>What a holder has of an answer, against what was sealed of it.</summary>
public sealed class ComparedAnswerTests : IDisposable
{
    /// <summary>Two prompts, each choice with its own, and all that a receipt can bind.</summary>
    private const string Stream =
        """data: {"model":"m","choices":[{"index":0,"text":"He","token_ids":[5],"prompt_token_ids":[1,2],"""
        + """ "logprobs":{"tokens":["He"],"token_logprobs":[-1]},"stop_reason":"x"}],"usage":{"completion_tokens":1}}"""
        + "\n\n"
        + """data: {"choices":[{"index":1,"text":"ok","token_ids":[7],"prompt_token_ids":[3],"x":1}],"""
        + """ "usage":{"completion_tokens":2}}"""
        + "\n\n: ka\n\n"
        + """data: {"choices":[{"index":0,"text":"llo","token_ids":[6],"finish_reason":"stop","""
        + """ "logprobs":{"tokens":["llo"],"token_logprobs":[-2]}}]}"""
        + "\n\n"
        + """data: {"choices":[{"index":1,"text":"","finish_reason":"length"}],"usage":null}"""
        + "\n\n"
        + """data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":3,"total_tokens":6}}"""
        + "\n\n: dis-receipt {}\ndata: [DONE]\n\n";

    private readonly SampleReceipt _sample = new();

    public enum Held
    {
        Nothing,
        TheSame,
        Another,
    }

    /// <summary>What is given has to be sealed, and to be the same.</summary>
    [Theory]
    [InlineData(Held.TheSame, true, CheckOutcome.Passed)]
    [InlineData(Held.Another, true, CheckOutcome.Failed)]
    [InlineData(Held.TheSame, false, CheckOutcome.Failed)]
    [InlineData(Held.Nothing, true, CheckOutcome.NotChecked)]
    [InlineData(Held.Nothing, false, CheckOutcome.NotChecked)]
    public void What_an_answer_has_beside_its_output_is_compared(Held held, bool isSealed, CheckOutcome expected)
    {
        T? Of<T>(T same, T another) =>
            held switch
            {
                Held.TheSame => same,
                Held.Another => another,
                _ => default,
            };
        OutputDigest output = _sample.Output;
        Sha256Value? hash = held == Held.Nothing ? null : Sha256Value.Of("x"u8);
        ReceiptStatement statement = _sample.Statement;
        (ReceiptCheck, ReceiptStatement, OutputDigest)[] cases =
        [
            (
                ReceiptCheck.Logprobs,
                isSealed ? statement : statement with { LogprobsCommitment = null },
                output with
                {
                    Logprobs = held == Held.TheSame ? output.Logprobs : hash,
                }
            ),
            (
                ReceiptCheck.Extras,
                isSealed ? statement : statement with { ExtrasCommitment = null },
                output with
                {
                    Extras = held == Held.TheSame ? output.Extras : hash,
                }
            ),
            (
                ReceiptCheck.Usage,
                isSealed ? statement : statement with { Usage = null },
                output with
                {
                    Usage = Of(output.Usage, output.Usage! with { Total = 6 }),
                }
            ),
            (
                ReceiptCheck.Model,
                isSealed ? statement : statement with { AnswerModel = null },
                output with
                {
                    Model = Of(output.Model, "other"),
                }
            ),
        ];
        foreach ((ReceiptCheck check, ReceiptStatement bound, OutputDigest given) in cases)
        {
            VerificationResult result = Verify(_sample.EvidenceOf(bound) with { Output = given });
            Assert.Equal((check, expected), (check, OutcomeOf(result, check)));
            Assert.Equal(expected == CheckOutcome.Failed ? Verdict.Tampered : Verdict.Valid, result.Verdict);
            // A report says why, and of what.
            Assert.Equal(expected == CheckOutcome.Passed, DetailOf(result, check).Length == 0);
        }
    }

    /// <summary>Each count by itself.</summary>
    [Theory]
    [InlineData(3L, 2L, 5L, CheckOutcome.Passed)]
    [InlineData(3L, null, null, CheckOutcome.Passed)]
    [InlineData(null, null, 5L, CheckOutcome.Passed)]
    [InlineData(null, null, null, CheckOutcome.Passed)]
    [InlineData(4L, null, null, CheckOutcome.Failed)]
    [InlineData(3L, 0L, 5L, CheckOutcome.Failed)]
    [InlineData(3L, 2L, 6L, CheckOutcome.Failed)]
    public void Counts_that_are_given_are_the_sealed_ones(
        long? prompt,
        long? completion,
        long? total,
        CheckOutcome expected
    )
    {
        var usage = new AnswerUsage(prompt, completion, total);
        VerificationResult result = Verify(_sample.Evidence with { Output = _sample.Output with { Usage = usage } });
        Assert.Equal(expected, OutcomeOf(result, ReceiptCheck.Usage));
        // A count of which the statement has none.
        var bound = new AnswerUsage(Prompt: 3);
        result = Verify(_sample.EvidenceOf(_sample.Statement with { Usage = bound }));
        Assert.Equal(CheckOutcome.Failed, OutcomeOf(result, ReceiptCheck.Usage));
    }

    /// <summary>
    /// Ids that are there and not readable, or not all, are not the sealed ones; all of them would have been sealed.
    /// </summary>
    [Theory]
    [InlineData(Held.TheSame, true, true, CheckOutcome.Passed)]
    [InlineData(Held.Another, true, true, CheckOutcome.Failed)]
    [InlineData(Held.Nothing, true, true, CheckOutcome.Failed)]
    [InlineData(Held.Nothing, false, true, CheckOutcome.NotChecked)]
    [InlineData(Held.TheSame, true, false, CheckOutcome.Failed)]
    [InlineData(Held.Nothing, true, false, CheckOutcome.NotChecked)]
    [InlineData(Held.Nothing, false, false, CheckOutcome.NotChecked)]
    public void Ids_that_are_there_are_the_sealed_ones(Held held, bool areThere, bool isSealed, CheckOutcome expected)
    {
        ReceiptStatement statement = isSealed
            ? _sample.Statement
            : _sample.Statement with
            {
                Tokens = null,
                Prompt = null,
            };
        EvidenceReading evidence = _sample.EvidenceOf(
            new Receipt(
                statement.ReceiptId,
                StatementWriter.Write(statement),
                _sample.Proof(StatementWriter.Write(statement))
            )
            {
                Salts = _sample.Salts,
            }
        ) with
        {
            HasTokens = areThere,
            HasPrompt = areThere,
            Tokens = Of(_sample.Tokens, SampleReceipt.TokensOf(7, 9)),
            Prompt = Of(_sample.Prompt, SampleReceipt.PromptOf(1, 2)),
        };
        VerificationResult result = Verify(evidence);
        Assert.Equal(
            (expected, expected),
            (OutcomeOf(result, ReceiptCheck.Tokens), OutcomeOf(result, ReceiptCheck.Prompt))
        );
        Assert.Equal(expected == CheckOutcome.Failed ? Verdict.Tampered : Verdict.Valid, result.Verdict);

        TokenDigest? Of(TokenDigest same, TokenDigest another) =>
            held switch
            {
                Held.TheSame => same,
                Held.Another => another,
                _ => null,
            };
    }

    [Fact]
    public void A_stream_with_all_of_it_is_valid()
    {
        VerificationResult result = Verify(HeldOf(Stream, Seal(Stream)));
        Assert.Equal(Verdict.Valid, result.Verdict);
        Assert.All(
            result.Checks.Where(check => check.Check is >= ReceiptCheck.Output and <= ReceiptCheck.Prompt),
            check => Assert.Equal((check.Check, CheckOutcome.Passed), (check.Check, check.Outcome))
        );
    }

    /// <summary>Whoever stopped to record has changed nothing, wherever that was.</summary>
    [Fact]
    public void A_recording_that_was_cut_accuses_nobody()
    {
        ReceiptStatement statement = Seal(Stream);
        int end = Stream.IndexOf("data: [DONE]", StringComparison.Ordinal) + "data: [DONE]".Length;
        for (int length = 0; length < Stream.Length; length++)
        {
            VerificationResult result = Verify(HeldOf(Stream[..length], statement));
            Assert.True(
                result.Verdict == (length < end ? Verdict.Inconclusive : Verdict.Valid),
                $"{result.Summary} of {Stream[..length]}"
            );
        }
        Assert.Equal(
            "INCONCLUSIVE: the recording of the answer broke off before its end (data: [DONE]), and what is missing "
                + "can't be compared",
            Verify(HeldOf(Stream[..600], statement)).Summary
        );
    }

    /// <summary>What differs is named with its check, and a lacking end makes no difference valid.</summary>
    [Theory]
    [InlineData("\"token_logprobs\":[-2]", "\"token_logprobs\":[-1]", ReceiptCheck.Logprobs)]
    [InlineData("\"stop_reason\":\"x\"", "\"stop_reason\":\"y\"", ReceiptCheck.Extras)]
    [InlineData("\"total_tokens\":6", "\"total_tokens\":7", ReceiptCheck.Usage)]
    [InlineData("\"model\":\"m\"", "\"model\":\"n\"", ReceiptCheck.Model)]
    [InlineData("\"token_ids\":[7]", "\"token_ids\":[8]", ReceiptCheck.Tokens)]
    [InlineData("\"prompt_token_ids\":[3]", "\"prompt_token_ids\":[4]", ReceiptCheck.Prompt)]
    [InlineData("\"text\":\"ok\"", "\"text\":\"no\"", ReceiptCheck.Output)]
    public void Each_difference_fails_its_own_check(string part, string by, ReceiptCheck check)
    {
        string other = Stream.Replace(part, by, StringComparison.Ordinal);
        VerificationResult whole = Verify(HeldOf(other, Seal(Stream)));
        Assert.Equal((Verdict.Tampered, check), (whole.Verdict, Assert.Single(whole.Failures).Check));
        string unended = other[..other.IndexOf("data: [DONE]", StringComparison.Ordinal)];
        Assert.NotEqual(Verdict.Valid, Verify(HeldOf(unended, Seal(Stream))).Verdict);
    }

    /// <summary>One unreadable list makes the report of all ids a partial one.</summary>
    [Fact]
    public void Ids_that_were_made_unreadable_are_not_the_sealed_ones()
    {
        string other = Stream.Replace("\"token_ids\":[7]", "\"token_ids\":\"7\"", StringComparison.Ordinal);
        Assert.Equal(
            [ReceiptCheck.Tokens, ReceiptCheck.Prompt],
            Verify(HeldOf(other, Seal(Stream))).Failures.Select(failure => failure.Check)
        );
    }

    /// <summary>The first name of a model is the sealed one, wherever the rest was cut.</summary>
    [Fact]
    public void A_recording_that_was_cut_names_the_model()
    {
        string cut = Stream[..Stream.IndexOf(": ka", StringComparison.Ordinal)];
        VerificationResult result = Verify(
            HeldOf(cut.Replace("\"model\":\"m\"", "\"model\":\"n\"", StringComparison.Ordinal), Seal(Stream))
        );
        Assert.Equal((Verdict.Tampered, ReceiptCheck.Model), (result.Verdict, Assert.Single(result.Failures).Check));
    }

    /// <summary>Of what the statement has nothing, nothing can be there.</summary>
    [Fact]
    public void A_recording_that_was_cut_has_nothing_that_was_not_sealed()
    {
        string cut = Stream[..Stream.IndexOf(": ka", StringComparison.Ordinal)];
        ReceiptStatement statement = Seal(Stream);
        (ReceiptCheck, ReceiptStatement)[] cases =
        [
            (ReceiptCheck.Logprobs, statement with { LogprobsCommitment = null }),
            (ReceiptCheck.Extras, statement with { ExtrasCommitment = null }),
            (ReceiptCheck.Usage, statement with { Usage = null }),
            (ReceiptCheck.Model, statement with { AnswerModel = null }),
        ];
        Assert.All(cases, one => Assert.Equal(one.Item1, Assert.Single(Verify(HeldOf(cut, one.Item2)).Failures).Check));
    }

    /// <summary>The client may have less than was sealed, but not an answer with its end.</summary>
    [Fact]
    public void An_answer_that_broke_off_was_not_received_whole()
    {
        string sent = Stream[
            ..Stream.IndexOf("data: {\"choices\":[{\"index\":1,\"text\":\"\"", StringComparison.Ordinal)
        ];
        ReceiptStatement statement = Seal(sent) with { Complete = false };
        for (int length = 0; length <= sent.Length; length += 7)
            Assert.Equal(Verdict.Incomplete, Verify(HeldOf(sent[..length], statement)).Verdict);
        VerificationResult whole = Verify(HeldOf(Stream, statement));
        Assert.Equal("TAMPERED: the sealed answer broke off, and the one that was given is whole", whole.Summary);
        // Without its end a recording of more shows nothing: the verdict is that it broke off.
        string unended = Stream[..Stream.IndexOf("data: [DONE]", StringComparison.Ordinal)];
        Assert.Equal(Verdict.Incomplete, Verify(HeldOf(unended, statement)).Verdict);
        // With the word of the end, but without the finish reason of a choice.
        Assert.Equal(Verdict.Incomplete, Verify(HeldOf(sent + "data: [DONE]\n\n", statement)).Verdict);
    }

    /// <summary>An error that was put behind an answer changes no channel.</summary>
    [Fact]
    public void A_sealed_output_reports_no_error()
    {
        string failed = Stream.Replace(
            "data: [DONE]",
            "data: {\"error\":\"x\"}\n\ndata: [DONE]",
            StringComparison.Ordinal
        );
        VerificationResult result = Verify(HeldOf(failed, Seal(Stream)));
        Assert.Equal("TAMPERED: the answer reports an error or lacks an end, and was sealed whole", result.Summary);
        Assert.Equal(ReceiptCheck.Output, Assert.Single(result.Failures).Check);
    }

    [Fact]
    public void An_answer_without_a_form_is_not_the_sealed_one_unless_that_broke_off()
    {
        ReceiptStatement statement = Seal(Stream);
        EvidenceReading Defective(ReceiptStatement of) =>
            HeldOf(Stream, of) with
            {
                Output = null,
                Tokens = null,
                Prompt = null,
                HasTokens = false,
                HasPrompt = false,
                Defect = "two lines",
            };
        Assert.Equal(
            "TAMPERED: the answer is not the one that was sealed: two lines",
            Verify(Defective(statement)).Summary
        );
        VerificationResult broken = Verify(Defective(statement with { Complete = false }));
        Assert.Equal(
            (Verdict.Incomplete, CheckOutcome.NotChecked),
            (broken.Verdict, OutcomeOf(broken, ReceiptCheck.Output))
        );
    }

    /// <summary>As client libraries do it: they keep what they know of the pieces, and leave out the rest.</summary>
    [Theory]
    [InlineData("", "", CheckOutcome.NotChecked, CheckOutcome.NotChecked)]
    [InlineData("\"id\":\"c\",", "\"id\":\"c\",\"index\":0,", CheckOutcome.NotChecked, CheckOutcome.NotChecked)]
    [InlineData(
        "\"content\":\"Hello\"",
        "\"content\":\"Hello\",\"parsed\":{\"a\":1},\"annotations\":[ ]",
        CheckOutcome.NotChecked,
        CheckOutcome.NotChecked
    )]
    [InlineData(
        "\"index\":0,\"message\"",
        "\"index\":0,\"stop_reason\":\"y\",\"message\"",
        CheckOutcome.NotChecked,
        CheckOutcome.Failed
    )]
    public void A_stream_may_be_given_as_one_object(
        string part,
        string by,
        CheckOutcome withExtras,
        CheckOutcome without
    )
    {
        const string Pieces =
            """data: {"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"},"""
            + """ "stop_reason":STOP}]}"""
            + "\n\n"
            + """data: {"choices":[{"index":0,"delta":{"content":"lo","tool_calls":[{"index":0,"id":"c","""
            + """ "type":"function","function":{"name":"f"}}]},"finish_reason":"stop"}]}"""
            + "\n\ndata: [DONE]\n\n";
        const string Whole =
            """{"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hello","tool_calls":["""
            + """{"id":"c","type":"function","function":{"name":"f","arguments":""}}]},"finish_reason":"stop"}]}""";
        string given = part.Length == 0 ? Whole : Whole.Replace(part, by, StringComparison.Ordinal);
        foreach (
            (string stop, CheckOutcome extras) in ((string, CheckOutcome)[])[("\"x\"", withExtras), ("null", without)]
        )
        {
            ReceiptStatement statement = Seal(Pieces.Replace("STOP", stop, StringComparison.Ordinal));
            VerificationResult result = Verify(HeldOf(given, statement));
            Assert.Equal(
                (CheckOutcome.Passed, extras),
                (OutcomeOf(result, ReceiptCheck.Output), OutcomeOf(result, ReceiptCheck.Extras))
            );
            Assert.Equal(extras == CheckOutcome.Failed ? Verdict.Tampered : Verdict.Valid, result.Verdict);
            string other = given.Replace("Hello", "Hullo", StringComparison.Ordinal);
            Assert.Contains(
                "give the stream itself",
                Verify(HeldOf(other, statement)).Failures.First().Detail,
                StringComparison.Ordinal
            );
        }
    }

    public void Dispose() => _sample.Dispose();

    private static RecordedAnswer Read(string body) =>
        RecordedAnswer.Read(
            Encoding.UTF8.GetBytes(body),
            RecordedAnswer.DeliveryOf(Encoding.UTF8.GetBytes(body)),
            Vectors.Salts
        );

    private static CheckOutcome OutcomeOf(VerificationResult result, ReceiptCheck which) =>
        result.Checks.Single(check => check.Check == which).Outcome;

    private static string DetailOf(VerificationResult result, ReceiptCheck which) =>
        result.Checks.Single(check => check.Check == which).Detail;

    /// <summary>The statement of a receipt for this answer.</summary>
    private ReceiptStatement Seal(string body)
    {
        RecordedAnswer answer = Read(body);
        OutputDigest output = answer.Output;
        return _sample.Statement with
        {
            Delivery = RecordedAnswer.DeliveryOf(Encoding.UTF8.GetBytes(body)),
            OutputCommitment = _sample.Commit(SaltLabel.Output, output.Digest),
            LogprobsCommitment = output.Logprobs is { } logprobs ? _sample.Commit(SaltLabel.Logprobs, logprobs) : null,
            ExtrasCommitment = output.Extras is { } extras ? _sample.Commit(SaltLabel.Extras, extras) : null,
            AnswerModel = output.Model,
            Usage = output.Usage,
            Tokens = answer.Tokens is { } tokens ? TokenBinding.OfChoices(tokens) : null,
            Prompt = answer.Prompt is { } prompt ? TokenBinding.OfPrompts(prompt) : null,
        };
    }

    /// <summary>A receipt of the statement, and an answer that is held against it.</summary>
    private EvidenceReading HeldOf(string body, ReceiptStatement statement)
    {
        RecordedAnswer answer = Read(body);
        byte[] payload = StatementWriter.Write(statement);
        var receipt = new Receipt(statement.ReceiptId, payload, _sample.Proof(payload)) { Salts = _sample.Salts };
        return _sample.EvidenceOf(receipt) with
        {
            Output = answer.Output,
            Delivery = RecordedAnswer.DeliveryOf(Encoding.UTF8.GetBytes(body)),
            HasEnd = answer.Ended,
            Tokens = answer.Tokens,
            HasTokens = answer.HasTokens,
            Prompt = answer.Prompt,
            HasPrompt = answer.HasPrompt,
        };
    }

    private VerificationResult Verify(EvidenceReading evidence) =>
        ReceiptExamination.Verify(evidence, _sample.Key.PublicKey);
}
