using System.Text;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tests.Statements;
using DeterministicInference.Receipts.Verification;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Verification;

/// <summary>What a policy of witnesses makes of a receipt.</summary>
public sealed class WitnessedReceiptTests : IDisposable
{
    private const long Time = 1_790_000_000;

    private readonly SampleReceipt _sample = new();
    private readonly SigningKey _one = SigningKey.Create(),
        _two = SigningKey.Create();

    private Cosigner One => new("w1", _one);

    private Cosigner Two => new("w2", _two);

    private string Witnesses => $"witness one {One.Key}\nwitness two {Two.Key}\ngroup both all one two\n";

    [Fact]
    public void A_quorum_is_a_check_that_passes_and_says_who_and_when()
    {
        VerificationResult result = Verify(Cosigned(One, Two), Witnesses + "quorum both\n", requires: true);
        Assert.Equal((Verdict.Valid, CheckOutcome.Passed), (result.Verdict, Outcome(result)));
        Assert.Equal(["one", "two"], result.Cosignatures.Select(cosignature => cosignature.Witness.Name));
        Assert.All(result.Cosignatures, cosignature => Assert.Equal(Time, cosignature.Timestamp));
        // After signature and inclusion, in the order of the checks.
        Assert.Equal(
            Enum.GetValues<ReceiptCheck>().Where(check => check != ReceiptCheck.Validity),
            result.Checks.Select(check => check.Check)
        );
    }

    [Theory]
    [InlineData(true, Verdict.Policy)]
    [InlineData(false, Verdict.Valid)]
    public void Without_a_quorum_it_counts_what_is_required(bool requires, Verdict verdict)
    {
        VerificationResult result = Verify(Cosigned(One), Witnesses + "quorum both\n", requires);
        Assert.Equal((verdict, CheckOutcome.NotMet), (result.Verdict, Outcome(result)));
        Assert.Equal(
            requires ? "POLICY: the policy's quorum has not cosigned the checkpoint, only one" : "VALID (not replayed)",
            result.Summary
        );
        VerificationResult none = Verify(_sample.Receipt, Witnesses + "quorum both\n", requires);
        Assert.Equal((verdict, CheckOutcome.NotMet), (none.Verdict, Outcome(none)));
    }

    [Fact]
    public void Cosignatures_are_passed_over_without_a_policy()
    {
        VerificationResult result = ReceiptExamination.Verify(_sample.EvidenceOf(Cosigned(One)), _sample.Key.PublicKey);
        Assert.Equal(Verdict.Valid, result.Verdict);
        Assert.DoesNotContain(result.Checks, check => check.Check == ReceiptCheck.Witnesses);
        Assert.Empty(result.Cosignatures);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_false_cosignature_of_a_known_witness_is_tampered(bool requires)
    {
        NoteSignature good = One.Sign(Note, Time);
        byte[] bytes = good.Signature.ToArray();
        bytes[20] ^= 1;
        VerificationResult result = Verify(
            With(good, good with { Signature = bytes }),
            Witnesses + "quorum one\n",
            requires
        );
        Assert.Equal((Verdict.Tampered, CheckOutcome.Failed), (result.Verdict, Outcome(result)));
        Assert.Equal(ReceiptCheck.Witnesses, Assert.Single(result.Failures).Check);
    }

    /// <summary>A policy with logs is for these alone, by name and key.</summary>
    [Fact]
    public void A_log_that_the_policy_does_not_list_is_not_met()
    {
        string quorum = Witnesses + "quorum both\n";
        using SigningKey other = SigningKey.Create();
        Receipt receipt = Cosigned(One, Two);
        Assert.Equal(Verdict.Valid, Verify(receipt, $"log {_sample.LogKey}\n{quorum}", requires: true).Verdict);
        foreach (
            NoteKey log in (NoteKey[])[new("log.example", other.PublicKey), new("log.example/2", _sample.Key.PublicKey)]
        )
        {
            VerificationResult result = Verify(receipt, $"log {log}\n{quorum}", requires: true);
            Assert.Equal((Verdict.Policy, CheckOutcome.NotMet), (result.Verdict, Outcome(result)));
        }
    }

    /// <summary>What is worse is said first.</summary>
    [Fact]
    public void A_policy_that_is_not_met_hides_nothing()
    {
        EvidenceReading unmet = _sample.Evidence with
        {
            WitnessPolicy = Policy(Witnesses + "quorum both\n"),
            RequiresWitnesses = true,
        };
        Assert.Equal(
            Verdict.Tampered,
            ReceiptExamination.Verify(unmet with { RequestBody = "{}"u8.ToArray() }, _sample.Key.PublicKey).Verdict
        );
        Assert.Equal(Verdict.Untrusted, ReceiptExamination.VerifyUnpinned(unmet, untrusted: null).Verdict);
        Assert.Equal(
            Verdict.Policy,
            ReceiptExamination.Verify(unmet with { Receipt = _sample.Closed }, _sample.Key.PublicKey).Verdict
        );
        using var broken = new SampleReceipt(complete: false);
        Assert.Equal(
            Verdict.Incomplete,
            ReceiptExamination
                .Verify(
                    broken.Evidence with
                    {
                        WitnessPolicy = unmet.WitnessPolicy,
                        RequiresWitnesses = true,
                    },
                    broken.Key.PublicKey
                )
                .Verdict
        );
        // Required and without a policy to meet.
        Assert.Equal(
            Verdict.Policy,
            ReceiptExamination.Verify(_sample.Evidence with { RequiresWitnesses = true }, _sample.Key.PublicKey).Verdict
        );
    }

    public void Dispose()
    {
        _sample.Dispose();
        _one.Dispose();
        _two.Dispose();
    }

    private SignedNote Note => SignedNote.Parse(TlogProof.Parse(_sample.Receipt.Proof).Checkpoint);

    private static WitnessPolicy Policy(string text) => WitnessPolicy.Parse(Encoding.UTF8.GetBytes(text));

    private static CheckOutcome Outcome(VerificationResult result) =>
        result.Checks.Single(check => check.Check == ReceiptCheck.Witnesses).Outcome;

    private Receipt Cosigned(params Cosigner[] cosigners) =>
        With([.. cosigners.Select(cosigner => cosigner.Sign(Note, Time))]);

    private Receipt With(params NoteSignature[] signatures)
    {
        TlogProof proof = TlogProof.Parse(_sample.Receipt.Proof);
        return new Receipt(
            _sample.Receipt.ReceiptId,
            _sample.Receipt.Statement,
            (proof with { Checkpoint = Note.With(signatures).ToString() }).ToString()
        )
        {
            Salts = _sample.Receipt.Salts,
            Trail = _sample.Receipt.Trail,
        };
    }

    private VerificationResult Verify(Receipt receipt, string policy, bool requires) =>
        ReceiptExamination.Verify(
            _sample.EvidenceOf(receipt) with
            {
                WitnessPolicy = Policy(policy),
                RequiresWitnesses = requires,
            },
            _sample.Key.PublicKey
        );
}
