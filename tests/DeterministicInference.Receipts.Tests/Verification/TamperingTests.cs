using DeterministicInference.Receipts.Signing;
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
        byte[] payload = _sample.Receipt.Envelope.Payload.ToArray();
        int refused = 0,
            tampered = 0,
            unchanged = 0;
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
            VerificationResult result = ReceiptVerifier.Verify(_sample.EvidenceOf(receipt), _sample.Key.PublicKey);
            if (result.Verdict == Verdict.Tampered)
            {
                tampered++;
                continue;
            }
            // What may change without harm: the key id, which nobody trusts, and the names of salt and trail, without
            // which they are not given.
            Assert.True(result.Verdict is Verdict.Valid or Verdict.Inconclusive, $"{result.Verdict} at {position}");
            Assert.Equal(payload, receipt.Envelope.Payload.ToArray());
            Assert.Equal(result.Verdict == Verdict.Inconclusive, receipt.Salt is null);
            if (receipt.Salt is not null && receipt.Trail is not null)
            {
                unchanged++;
                Assert.NotEqual(_sample.Key.PublicKey.KeyId.ToString(), receipt.Envelope.Signatures[0].KeyId);
            }
        }
        Assert.True(refused > 1000 && tampered > 1000, $"{refused} {tampered} {unchanged}");
        // 64 digits and the name "keyid", each with up to four changes.
        Assert.InRange(unchanged, 64, (64 + 5) * Flips.Length);
    }

    [Fact]
    public void Every_bit_of_the_payload_fails_the_signature()
    {
        DsseEnvelope good = _sample.Receipt.Envelope;
        byte[] signature = good.Signatures[0].Signature.ToArray();
        for (int bit = 0; bit < good.Payload.Length * 8; bit += 3)
        {
            byte[] payload = good.Payload.ToArray();
            payload[bit / 8] ^= (byte)(1 << bit % 8);
            AssertFails(ReceiptCheck.Signature, good.PayloadType, payload, signature);
        }
    }

    [Fact]
    public void Every_bit_of_the_signature_fails_the_signature()
    {
        DsseEnvelope good = _sample.Receipt.Envelope;
        byte[] bytes = good.Signatures[0].Signature.ToArray();
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            byte[] signature = [.. bytes];
            signature[bit / 8] ^= (byte)(1 << bit % 8);
            AssertFails(ReceiptCheck.Signature, good.PayloadType, good.Payload.ToArray(), signature);
        }
    }

    [Fact]
    public void Another_payload_type_fails_the_signature()
    {
        DsseEnvelope good = _sample.Receipt.Envelope;
        AssertFails(
            ReceiptCheck.Signature,
            good.PayloadType + "x",
            good.Payload.ToArray(),
            good.Signatures[0].Signature.ToArray()
        );
    }

    [Fact]
    public void Every_bit_of_the_salt_fails_all_that_it_opens()
    {
        for (int bit = 0; bit < Salt.Size * 8; bit++)
        {
            byte[] salt = _sample.Salt.Bytes.ToArray();
            salt[bit / 8] ^= (byte)(1 << bit % 8);
            VerificationResult result = ReceiptVerifier.Verify(
                _sample.EvidenceOf(With(salt, _sample.Tokens.Trail.ToArray())),
                _sample.Key.PublicKey
            );
            Assert.Equal(Verdict.Tampered, result.Verdict);
            Assert.Equal(
                [ReceiptCheck.Request, ReceiptCheck.Output, ReceiptCheck.Logprobs],
                result.Failures.Select(failure => failure.Check)
            );
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
        {
            byte[] trail = [.. good];
            trail[bit / 8] ^= (byte)(1 << bit % 8);
            trails.Add(trail);
        }
        foreach (byte[] trail in trails)
        {
            VerificationResult result = ReceiptVerifier.Verify(
                _sample.EvidenceOf(With(_sample.Salt.Bytes.ToArray(), trail)),
                _sample.Key.PublicKey
            );
            Assert.Equal(ReceiptCheck.Trail, Assert.Single(result.Failures).Check);
        }
    }

    public void Dispose() => _sample.Dispose();

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

    private Receipt With(byte[] salt, byte[] trail) =>
        Json(
            _sample.Receipt.Envelope.PayloadType,
            _sample.Receipt.Envelope.Payload.ToArray(),
            _sample.Receipt.Envelope.Signatures[0].Signature.ToArray(),
            salt,
            trail
        );

    private Receipt Json(string type, byte[] payload, byte[] signature, byte[] salt, byte[] trail) =>
        Receipt.FromJson(
            System.Text.Encoding.UTF8.GetBytes(
                $$"""
                {"receipt_id":"{{_sample.Statement.ReceiptId}}",
                 "receipt":{"payloadType":"{{type}}","payload":"{{Convert.ToBase64String(
                    payload
                )}}","signatures":[{"sig":"{{Convert.ToBase64String(signature)}}"}]},
                 "salt":"{{Convert.ToBase64String(salt)}}","trail":"{{Convert.ToBase64String(trail)}}"}
                """
            )
        );

    private void AssertFails(ReceiptCheck check, string type, byte[] payload, byte[] signature)
    {
        Receipt receipt = Json(type, payload, signature, _sample.Salt.Bytes.ToArray(), _sample.Tokens.Trail.ToArray());
        VerificationResult result = ReceiptVerifier.Verify(_sample.EvidenceOf(receipt), _sample.Key.PublicKey);
        Assert.Equal(Verdict.Tampered, result.Verdict);
        Assert.Equal(check, Assert.Single(result.Failures).Check);
    }
}
