using System.Text;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tests.Statements;
using DeterministicInference.Receipts.Verification;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Verification;

public sealed class ReceiptExaminationTests : IDisposable
{
    private readonly SampleReceipt _sample = new();

    [Fact]
    public void All_that_belongs_together_is_valid_but_not_reproduced()
    {
        VerificationResult result = Verify(_sample.Evidence);
        Assert.Equal(Verdict.Valid, result.Verdict);
        Assert.Equal("VALID (not replayed)", result.Summary);
        Assert.Equal(
            Enum.GetValues<ReceiptCheck>()
                .Where(check => check is not (ReceiptCheck.Witnesses or ReceiptCheck.Validity)),
            result.Checks.Select(check => check.Check)
        );
        Assert.All(result.Checks, check => Assert.Equal(CheckOutcome.Passed, check.Outcome));
        Assert.Equal(_sample.Statement.RequestCommitment, result.Statement!.RequestCommitment);
        Assert.True(result.KeyPinned);
    }

    /// <summary>Of a text that anyone may have chosen nothing reaches a terminal but what can be read.</summary>
    [Fact]
    public void The_summary_is_one_line()
    {
        EvidenceReading evidence = _sample.EvidenceOf(_sample.Statement with { AnswerModel = "a\u001b[2J\nVALID" });
        Assert.Equal(
            "TAMPERED: the answer names another model than was sealed (a\\u001b[2J\\u000aVALID)",
            Verify(evidence).Summary
        );
    }

    [Fact]
    public void Each_part_that_is_another_fails_its_own_check()
    {
        EvidenceReading good = _sample.Evidence;
        AssertTampered(ReceiptCheck.Request, good with { RequestBody = "{}"u8.ToArray() });
        AssertTampered(ReceiptCheck.Request, good with { RequestBody = "{"u8.ToArray() });
        AssertTampered(
            ReceiptCheck.Output,
            good with
            {
                Output = good.Output! with { Digest = Sha256Value.Of("x"u8) },
            }
        );
        AssertTampered(
            ReceiptCheck.Logprobs,
            good with
            {
                Output = good.Output! with { Logprobs = Sha256Value.Of("x"u8) },
            }
        );
        AssertTampered(ReceiptCheck.Tokens, good with { Tokens = SampleReceipt.TokensOf(7, 9) });
        AssertTampered(ReceiptCheck.Tokens, good with { Tokens = _sample.Tokens with { Counts = [1, 1] } });
        AssertTampered(ReceiptCheck.Prompt, good with { Prompt = SampleReceipt.PromptOf(1, 2, 4) });
        AssertTampered(
            ReceiptCheck.Environment,
            good with
            {
                Environment = Engine(new EnvironmentFact("sglang", FactSource.Measured)),
            }
        );
        AssertTampered(
            ReceiptCheck.Environment,
            good with
            {
                Environment = Engine(new EnvironmentFact("embedded", FactSource.Declared)),
            }
        );

        static InferenceEnvironment Engine(EnvironmentFact name) => new([new("engine.name", name)], []);
    }

    [Fact]
    public void A_proof_of_another_statement_or_by_another_key_fails()
    {
        using var other = new SampleReceipt(complete: false);
        string proof = _sample.Receipt.Proof;
        AssertTampered(ReceiptCheck.Inclusion, WithProof(_sample.Proof(other.Receipt.Statement.Span)));
        Assert.Equal(Verdict.OtherKey, Verify(WithProof(other.Proof(_sample.Receipt.Statement.Span))).Verdict);
        AssertTampered(
            ReceiptCheck.Inclusion,
            WithProof(proof.Replace("index 1", "index 0", StringComparison.Ordinal))
        );
        AssertTampered(
            ReceiptCheck.Signature,
            WithProof(proof.Replace("\nlog.example\n2\n", "\nlog.example\n3\n", StringComparison.Ordinal)),
            ReceiptCheck.Inclusion
        );
        AssertTampered(
            ReceiptCheck.Signature,
            WithProof(proof.Replace("\nlog.example\n2\n", "\nlog+example\n2\n", StringComparison.Ordinal))
        );
        AssertTampered(ReceiptCheck.Signature, WithProof(""));
    }

    [Fact]
    public void Another_log_of_the_same_key_fails_where_the_name_is_trusted_too()
    {
        EvidenceReading elsewhere = WithProof(_sample.Proof(_sample.Receipt.Statement.Span, "log.example.org"));
        Assert.Equal(Verdict.Valid, Verify(elsewhere).Verdict);
        VerificationResult result = ReceiptExamination.Verify(elsewhere, _sample.LogKey);
        Assert.Equal(
            "OTHER KEY: the log is 'log.example.org', not 'log.example'. Give the key of this one, if you trust it",
            result.Summary
        );
        Assert.Equal(Verdict.Valid, ReceiptExamination.Verify(_sample.Evidence, _sample.LogKey).Verdict);
    }

    [Fact]
    public void A_key_counts_up_to_its_last_size()
    {
        VerificationResult good = Verify(_sample.Evidence with { KeyLimit = new KeyLimit(2, null) });
        Assert.Equal(Verdict.Valid, good.Verdict);
        Assert.Equal(CheckOutcome.Passed, good.Checks.Single(check => check.Check == ReceiptCheck.Validity).Outcome);
        VerificationResult late = Verify(_sample.Evidence with { KeyLimit = new KeyLimit(1, null) });
        Assert.Equal("POLICY: the key counts up to 1 entries of its log, and the checkpoint has 2", late.Summary);
    }

    /// <summary>The time in the statement is the operator's word, which a thief of the key can choose.</summary>
    [Fact]
    public void Without_witnesses_nobody_knows_the_time()
    {
        VerificationResult result = Verify(
            _sample.Evidence with
            {
                KeyLimit = new KeyLimit(null, _sample.Statement.IssuedAt + TimeSpan.FromDays(1)),
            }
        );
        Assert.Equal(
            "POLICY: the key counts up to 2026-11-23T10:11:12Z, and no quorum of witnesses has cosigned the checkpoint by "
                + "then",
            result.Summary
        );
    }

    [Fact]
    public void The_place_in_the_log_is_told()
    {
        VerificationResult result = Verify(_sample.Evidence);
        Assert.Equal(("log.example", 2, 1), (result.Checkpoint!.Origin, result.Checkpoint.Size, result.Index));
    }

    [Fact]
    public void Without_the_request_its_answer_is_checked()
    {
        EvidenceReading closed = _sample.EvidenceOf(_sample.Receipt.WithoutRequest()) with { Prompt = null };
        OutputDigest shared = _sample.Output with { Extras = null };
        VerificationResult result = Verify(closed with { RequestBody = null, Output = shared });
        Assert.Equal("SIGNED: the answer is the sealed one, and no request was given to compare", result.Summary);
        Assert.Equal(
            [ReceiptCheck.Request, ReceiptCheck.Extras, ReceiptCheck.Prompt],
            result.Checks.Where(check => check.Outcome == CheckOutcome.NotChecked).Select(check => check.Check)
        );
        // A request or prompt that can't be compared may be any other.
        Assert.Equal(Verdict.Inconclusive, Verify(closed with { Output = shared }).Verdict);
        EvidenceReading withPrompt = closed with
        {
            RequestBody = null,
            Output = shared,
            Prompt = _sample.Evidence.Prompt,
        };
        Assert.Equal(Verdict.Inconclusive, Verify(withPrompt).Verdict);
    }

    [Fact]
    public void The_same_body_at_another_path_is_another_request()
    {
        string path = Verify(_sample.Evidence).Statement!.RequestPath;
        Assert.Equal(Verdict.Valid, Verify(_sample.Evidence with { RequestPath = path }).Verdict);
        VerificationResult result = Verify(_sample.Evidence with { RequestPath = path + "/" });
        Assert.Equal("TAMPERED: the request's path is not the one that was sealed", result.Summary);
    }

    /// <summary>A document of another class has another id, and so has one that is marked by hand.</summary>
    [Theory]
    [InlineData(DeterminismClass.BestEffort, FactSource.Measured)]
    [InlineData(DeterminismClass.Deterministic, FactSource.EngineReported)]
    public void The_environment_has_the_class_and_source_that_were_sealed(Enum promised, Enum source)
    {
        EvidenceReading evidence = _sample.EvidenceOf(
            _sample.Statement with
            {
                Class = (DeterminismClass)promised,
                EnvironmentSource = (FactSource)source,
            }
        );
        AssertTampered(ReceiptCheck.Environment, evidence);
        Assert.Equal(Verdict.Valid, Verify(evidence with { Environment = null }).Verdict);
    }

    /// <summary>The client may have received less than was signed.</summary>
    [Fact]
    public void Of_an_answer_that_broke_off_what_came_is_not_compared()
    {
        using var broken = new SampleReceipt(complete: false);
        EvidenceReading less = broken.Evidence with
        {
            Output = broken.Output with { Digest = Sha256Value.Of("x"u8), Logprobs = Sha256Value.Of("x"u8) },
            Tokens = SampleReceipt.TokensOf(7),
            HasTokens = true,
        };
        VerificationResult result = ReceiptExamination.Verify(less, broken.Key.PublicKey);
        Assert.Equal(Verdict.Incomplete, result.Verdict);
        Assert.All(
            (ReceiptCheck[])
                [
                    ReceiptCheck.Output,
                    ReceiptCheck.Logprobs,
                    ReceiptCheck.Extras,
                    ReceiptCheck.Usage,
                    ReceiptCheck.Tokens,
                ],
            check => Assert.Equal(CheckOutcome.NotChecked, result.Checks.Single(made => made.Check == check).Outcome)
        );
        Assert.Equal(
            Verdict.Tampered,
            ReceiptExamination.Verify(less with { RequestBody = "{}"u8.ToArray() }, broken.Key.PublicKey).Verdict
        );
    }

    [Fact]
    public void Another_key_is_a_verdict_of_its_own()
    {
        using SigningKey other = SigningKey.Create();
        VerificationResult result = ReceiptExamination.Verify(_sample.Evidence, other.PublicKey);
        Assert.Equal(Verdict.OtherKey, result.Verdict);
        Assert.Equal((ReceiptCheck.Signature, CheckOutcome.NotMet), (result.Checks[0].Check, result.Checks[0].Outcome));
        Assert.Empty(result.Failures);
        uint trusted = new NoteKey("log.example", other.PublicKey).Id;
        Assert.Equal(
            $"OTHER KEY: the checkpoint names the key log.example+{_sample.LogKey.Id:x8}, and the trusted one is "
                + $"log.example+{trusted:x8}. After a rotation give the key that the log had before",
            result.Summary
        );
        // What does not belong together does not under any key.
        Assert.Equal(
            Verdict.Tampered,
            ReceiptExamination.Verify(_sample.Evidence with { RequestBody = "{}"u8.ToArray() }, other.PublicKey).Verdict
        );
        // A key that came with the receipt has to be the one that signed it.
        Assert.Equal(Verdict.Tampered, ReceiptExamination.VerifyUnpinned(_sample.Evidence, other.PublicKey).Verdict);
    }

    /// <summary>Whoever names the trusted key must have signed with it.</summary>
    [Fact]
    public void A_false_signature_by_the_trusted_key_is_tampered_whoever_else_has_signed()
    {
        using SigningKey other = SigningKey.Create();
        TlogProof proof = TlogProof.Parse(_sample.Receipt.Proof);
        SignedNote note = SignedNote.Parse(proof.Checkpoint);
        NoteSignature real = note.Signatures[0];
        var forged = new NoteSignature(real.Name, real.KeyId, new byte[real.Signature.Length]);
        SignedNote both = SignedNote.Sign(note.Text, "log.example", other).With([forged]);
        VerificationResult result = Verify(WithProof((proof with { Checkpoint = both.ToString() }).ToString()));
        Assert.Equal(Verdict.Tampered, result.Verdict);
    }

    [Fact]
    public void A_key_that_is_not_trusted_is_named()
    {
        VerificationResult result = ReceiptExamination.VerifyUnpinned(_sample.Evidence, _sample.Key.PublicKey);
        Assert.Equal(Verdict.Untrusted, result.Verdict);
        Assert.Equal(
            "UNTRUSTED: anyone can make a receipt, and no key was given that is trusted; key not pinned: "
                + $"{_sample.Key.PublicKey.KeyId}",
            result.Summary
        );
        Assert.False(result.KeyPinned);
    }

    [Fact]
    public void Without_any_key_nothing_is_valid()
    {
        VerificationResult result = ReceiptExamination.VerifyUnpinned(_sample.Evidence, null);
        Assert.Equal(Verdict.Untrusted, result.Verdict);
        Assert.Equal("UNTRUSTED: there is no key to check the log with", result.Summary);
        Assert.Equal(
            Verdict.Tampered,
            ReceiptExamination.VerifyUnpinned(_sample.Evidence with { RequestBody = "{}"u8.ToArray() }, null).Verdict
        );
    }

    [Fact]
    public void Without_the_salt_it_cannot_be_opened()
    {
        VerificationResult result = Verify(_sample.EvidenceOf(_sample.Closed));
        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        Assert.Equal("INCONCLUSIVE: the receipt came without its salt, so it cannot be opened", result.Summary);
        Assert.Equal(CheckOutcome.Passed, result.Checks[0].Outcome);
        Assert.Equal(
            CheckOutcome.NotChecked,
            result.Checks.Single(check => check.Check == ReceiptCheck.Request).Outcome
        );
    }

    [Fact]
    public void What_is_not_given_is_not_checked_and_said_so()
    {
        VerificationResult result = Verify(new EvidenceReading(_sample.Receipt));
        Assert.Equal("SIGNED: neither request nor answer was given to compare", result.Summary);
        Assert.Equal(
            "SIGNED: the request is the sealed one, and no answer was given to compare",
            Verify(_sample.Evidence with { Output = null, Tokens = null }).Summary
        );
        Assert.Equal(
            [
                ReceiptCheck.Revocation,
                ReceiptCheck.Request,
                ReceiptCheck.Output,
                ReceiptCheck.Logprobs,
                ReceiptCheck.Extras,
                ReceiptCheck.Usage,
                ReceiptCheck.Model,
                ReceiptCheck.Tokens,
                ReceiptCheck.Prompt,
                ReceiptCheck.Environment,
            ],
            result.Checks.Where(check => check.Outcome == CheckOutcome.NotChecked).Select(check => check.Check)
        );
        Assert.All(
            result.Checks,
            check => Assert.Equal(check.Outcome == CheckOutcome.NotChecked, check.Detail.Length > 0)
        );
    }

    [Fact]
    public void An_answer_that_broke_off_is_incomplete()
    {
        using var broken = new SampleReceipt(complete: false);
        Assert.Equal(Verdict.Incomplete, ReceiptExamination.Verify(broken.Evidence, broken.Key.PublicKey).Verdict);
        Assert.Equal(
            Verdict.Tampered,
            ReceiptExamination
                .Verify(broken.Evidence with { RequestBody = "{}"u8.ToArray() }, broken.Key.PublicKey)
                .Verdict
        );
    }

    [Fact]
    public void Another_version_is_not_called_tampered()
    {
        string statement = Encoding.UTF8.GetString(_sample.Receipt.Statement.Span);
        byte[] other = Encoding.UTF8.GetBytes(statement.Replace("receipt:v3", "receipt:v4", StringComparison.Ordinal));
        Assert.Equal(Verdict.UnknownVersion, Verify(_sample.EvidenceOf(_sample.Seal(other))).Verdict);
    }

    [Fact]
    public void Sealed_bytes_that_are_no_statement_are_tampered() =>
        AssertTampered(ReceiptCheck.Statement, _sample.EvidenceOf(_sample.Seal("{}"u8.ToArray())));

    [Fact]
    public void An_id_beside_the_statement_that_was_not_sealed_is_tampered() =>
        AssertTampered(
            ReceiptCheck.ReceiptId,
            _sample.EvidenceOf(
                new Receipt(new string('0', 32), _sample.Receipt.Statement, _sample.Receipt.Proof)
                {
                    Salts = _sample.Salts,
                }
            )
        );

    [Theory]
    [InlineData(Verdict.Valid, 0)]
    [InlineData(Verdict.Reproduced, 0)]
    [InlineData(Verdict.UnknownVersion, 21)]
    [InlineData(Verdict.Contradicted, 10)]
    [InlineData(Verdict.Corroborated, 11)]
    [InlineData(Verdict.Inconclusive, 12)]
    [InlineData(Verdict.Tampered, 13)]
    [InlineData(Verdict.Incomplete, 14)]
    [InlineData(Verdict.Unreachable, 15)]
    [InlineData(Verdict.Signed, 18)]
    [InlineData(Verdict.Untrusted, 17)]
    [InlineData(Verdict.OtherKey, 19)]
    [InlineData(Verdict.Indeterminate, 16)]
    [InlineData(Verdict.Policy, 20)]
    public void Exit_codes(Verdict verdict, int code) => Assert.Equal(code, VerdictExitCode.Of(verdict));

    public void Dispose() => _sample.Dispose();

    private VerificationResult Verify(EvidenceReading evidence) =>
        ReceiptExamination.Verify(evidence, _sample.Key.PublicKey);

    private EvidenceReading WithProof(string proof) =>
        _sample.EvidenceOf(
            new Receipt(_sample.Statement.ReceiptId, _sample.Receipt.Statement, proof) { Salts = _sample.Salts }
        );

    private void AssertTampered(ReceiptCheck check, EvidenceReading evidence, params ReceiptCheck[] further)
    {
        VerificationResult result = Verify(evidence);
        Assert.Equal(Verdict.Tampered, result.Verdict);
        Assert.Equal([check, .. further], result.Failures.Select(failure => failure.Check));
        Assert.Equal(
            $"TAMPERED: {string.Join("; ", result.Failures.Select(failure => failure.Detail))}",
            result.Summary
        );
    }
}
