using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Tests.Statements;
using DeterministicInference.Receipts.Verification;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Verification;

/// <summary>What a receipt is worth whose log's key was revoked.</summary>
public sealed class RevokedKeyTests : IDisposable
{
    private readonly SampleReceipt _sample = new();
    private readonly SigningKey _next = SigningKey.Create();

    /// <summary>The log of the sample ends with the checkpoint of its proof.</summary>
    private Checkpoint Last => Checkpoint.Verify(TlogProof.Parse(_sample.Receipt.Proof).Checkpoint, _sample.LogKey);

    [Fact]
    public void Under_the_last_checkpoint_it_counts_and_under_no_other()
    {
        LogRevocation revocation = Revocation(Last);
        VerificationResult result = Verify(revocation);
        Assert.Equal(Verdict.Valid, result.Verdict);
        Assert.Equal(CheckOutcome.Passed, Outcome(result));
        foreach (
            Checkpoint other in (Checkpoint[])
                [Last with { Size = 3 }, Last with { Root = MerkleHash.Empty }, Last with { Origin = "log.example/2" }]
        )
        {
            result = Verify(Revocation(other));
            Assert.Equal(Verdict.Inconclusive, result.Verdict);
            Assert.Equal(CheckOutcome.NotChecked, Outcome(result));
            Assert.Contains("revoked", result.Summary, StringComparison.Ordinal);
        }
    }

    /// <summary>Whoever has the key can sign a second revocation.</summary>
    [Fact]
    public void Two_revocations_that_differ_leave_nothing_shown()
    {
        Assert.Equal(Verdict.Valid, Verify(Revocation(Last), Revocation(Last)).Verdict);
        Assert.Equal(Verdict.Inconclusive, Verify(Revocation(Last), Revocation(Last with { Size = 3 })).Verdict);
    }

    [Fact]
    public void A_revocation_of_another_key_says_nothing_about_this_one()
    {
        using SigningKey other = SigningKey.Create();
        var revocation = new LogRevocation(new NoteKey("log.example", other.PublicKey), 9, MerkleHash.Empty, Next);
        Assert.Equal(Verdict.Valid, Verify(revocation).Verdict);
    }

    [Fact]
    public void What_was_changed_is_tampered_all_the_same()
    {
        EvidenceReading changed = _sample.Evidence with
        {
            RequestBody = "{}"u8.ToArray(),
            Revocations = [Revocation(Last with { Size = 3 })],
        };
        Assert.Equal(Verdict.Tampered, ReceiptExamination.Verify(changed, _sample.LogKey).Verdict);
    }

    [Fact]
    public void Who_has_not_looked_is_told_so()
    {
        VerificationResult result = ReceiptExamination.Verify(
            _sample.Evidence with
            {
                Revocations = null,
            },
            _sample.LogKey
        );
        Assert.Equal(Verdict.Valid, result.Verdict);
        Assert.Equal(CheckOutcome.NotChecked, Outcome(result));
    }

    public void Dispose()
    {
        _sample.Dispose();
        _next.Dispose();
    }

    private NoteKey Next => new("log.example/next", _next.PublicKey);

    private static CheckOutcome Outcome(VerificationResult result) =>
        result.Checks.Single(check => check.Check == ReceiptCheck.Revocation).Outcome;

    private LogRevocation Revocation(Checkpoint last) =>
        new(new NoteKey(last.Origin, _sample.Key.PublicKey), last.Size, last.Root, Next);

    private VerificationResult Verify(params LogRevocation[] revocations) =>
        ReceiptExamination.Verify(_sample.Evidence with { Revocations = revocations }, _sample.LogKey);
}
