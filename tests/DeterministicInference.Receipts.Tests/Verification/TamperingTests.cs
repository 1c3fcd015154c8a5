using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tests.Statements;
using DeterministicInference.Receipts.Verification;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Verification;

/// <summary>Every byte of a receipt, changed: nothing changed is ever called valid.</summary>
public sealed class TamperingTests : IDisposable
{
    private static readonly byte[] Flips = [0x01, 0x02, 0x20, 0x80];

    private readonly SampleReceipt _sample = new();

    [Fact]
    public void Every_byte_of_the_determinism_object()
    {
        byte[] good = _sample.Receipt.ToJson();
        int refused = 0,
            tampered = 0,
            named = 0;
        foreach ((byte[] changed, int position) in Changes(good))
        {
            Receipt receipt;
            try
            {
                receipt = Receipt.FromJson(changed);
            }
            catch (ReceiptFormatException)
            {
                refused++;
                continue;
            }
            VerificationResult result = ReceiptExamination.Verify(_sample.EvidenceOf(receipt), _sample.LogKey);
            if (result.Verdict == Verdict.Tampered)
            {
                tampered++;
                continue;
            }
            // One character of the signature's line has bits of the key's id and of the signature.
            if (result.Verdict == Verdict.OtherKey)
            {
                named++;
                continue;
            }
            // What may change without harm: the names of salt and trail, without which they are not given.
            Assert.True(result.Verdict is Verdict.Valid or Verdict.Inconclusive, $"{result.Verdict} at {position}");
            Assert.Equal(_sample.Receipt.Statement.ToArray(), receipt.Statement.ToArray());
            Assert.Equal(_sample.Receipt.Proof, receipt.Proof);
            Assert.Equal(result.Verdict == Verdict.Inconclusive, receipt.Salts is null);
            Assert.True(receipt.Salts is null || receipt.Trail is null, $"{position}");
        }
        Assert.True(refused > 1000 && tampered > 1000, $"{refused} {tampered}");
        Assert.InRange(named, 0, Flips.Length);
    }

    [Fact]
    public void Every_bit_of_the_statement_fails_the_inclusion()
    {
        byte[] good = _sample.Receipt.Statement.ToArray();
        for (int bit = 0; bit < good.Length * 8; bit += 3)
            AssertFails(ReceiptCheck.Inclusion, Flipped(good, bit), _sample.Receipt.Proof);
    }

    [Fact]
    public void Every_bit_of_the_signature_fails_the_signature()
    {
        TlogProof proof = TlogProof.Parse(_sample.Receipt.Proof);
        SignedNote note = SignedNote.Parse(proof.Checkpoint);
        byte[] signature = note.Signatures[0].Signature.ToArray();
        string line = proof.Checkpoint[..(note.Text.Length + 1)] + "\u2014 log.example ";
        byte[] id = Convert.FromBase64String(proof.Checkpoint[line.Length..].TrimEnd())[..4];
        for (int bit = 0; bit < signature.Length * 8; bit++)
        {
            string changed = $"{line}{Convert.ToBase64String([.. id, .. Flipped(signature, bit)])}\n";
            AssertFails(
                ReceiptCheck.Signature,
                _sample.Receipt.Statement.ToArray(),
                (proof with { Checkpoint = changed }).ToString()
            );
        }
    }

    [Fact]
    public void Every_bit_of_the_salt_shows()
    {
        for (int bit = 0; bit < Salt.Size * 8; bit++)
        {
            var salts = ReceiptSalts.Of(new Salt(Flipped(_sample.Salts.Root!.Bytes, bit)));
            VerificationResult result = Verify(
                new Receipt(_sample.Statement.ReceiptId, _sample.Receipt.Statement, _sample.Receipt.Proof)
                {
                    Salts = salts,
                }
            );
            Assert.Equal(Verdict.Tampered, result.Verdict);
            Assert.Equal("the salt is not the receipt's", result.Failures.First().Detail);
            Assert.Equal(
                [
                    ReceiptCheck.ReceiptId,
                    ReceiptCheck.Request,
                    ReceiptCheck.Output,
                    ReceiptCheck.Logprobs,
                    ReceiptCheck.Extras,
                ],
                result.Failures.Select(failure => failure.Check)
            );
        }
    }

    [Theory]
    [InlineData(SaltLabel.Output, ReceiptCheck.Output)]
    [InlineData(SaltLabel.Logprobs, ReceiptCheck.Logprobs)]
    [InlineData(SaltLabel.Extras, ReceiptCheck.Extras)]
    public void Every_bit_of_a_single_salt_fails_what_it_opens(Enum which, ReceiptCheck check)
    {
        var label = (SaltLabel)which;
        for (int bit = 0; bit < Salt.Size * 8; bit++)
        {
            var salts = new Dictionary<SaltLabel, Salt> { [label] = new(Flipped(_sample.Salts[label]!.Bytes, bit)) };
            VerificationResult result = Verify(
                new Receipt(_sample.Statement.ReceiptId, _sample.Receipt.Statement, _sample.Receipt.Proof)
                {
                    Salts = ReceiptSalts.Of(salts),
                }
            );
            Assert.Equal(check, Assert.Single(result.Failures).Check);
        }
    }

    [Fact]
    public void Every_bit_and_the_length_of_the_trail_fail_the_trail()
    {
        byte[] good = _sample.Tokens.Trail.ToArray();
        List<byte[]> trails =
        [
            [],
            good[..^1],
            [.. good, 0],
        ];
        for (int bit = 0; bit < good.Length * 8; bit++)
            trails.Add(Flipped(good, bit));
        foreach (byte[] trail in trails)
        {
            VerificationResult result = Verify(
                new Receipt(_sample.Statement.ReceiptId, _sample.Receipt.Statement, _sample.Receipt.Proof)
                {
                    Salts = _sample.Salts,
                    Trail = trail,
                }
            );
            Assert.Equal(ReceiptCheck.Trail, Assert.Single(result.Failures).Check);
        }
    }

    public void Dispose() => _sample.Dispose();

    private static byte[] Flipped(ReadOnlySpan<byte> bytes, int bit)
    {
        byte[] changed = bytes.ToArray();
        changed[bit / 8] ^= (byte)(1 << bit % 8);
        return changed;
    }

    private static IEnumerable<(byte[] Changed, int Position)> Changes(byte[] good)
    {
        for (int position = 0; position < good.Length; position++)
        {
            foreach (byte flip in Flips)
            {
                byte[] changed = [.. good];
                changed[position] ^= flip;
                yield return (changed, position);
            }
        }
    }

    private VerificationResult Verify(Receipt receipt) =>
        ReceiptExamination.Verify(_sample.EvidenceOf(receipt), _sample.LogKey);

    private void AssertFails(ReceiptCheck check, byte[] statement, string proof)
    {
        VerificationResult result = Verify(
            new Receipt(_sample.Statement.ReceiptId, statement, proof) { Salts = _sample.Salts }
        );
        Assert.Equal(Verdict.Tampered, result.Verdict);
        Assert.Equal(check, Assert.Single(result.Failures).Check);
        Assert.Null(result.Statement);
    }
}
