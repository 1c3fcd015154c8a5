using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Tests.Statements;
using DeterministicInference.Receipts.Trust;
using DeterministicInference.Receipts.Verification;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Trust;

/// <summary>Whom a program trusts, without the files and options of the command.</summary>
public sealed class TrustPolicyTests : IDisposable
{
    private readonly SampleReceipt _sample = new();

    private string Pem => _sample.Key.PublicKey.ToPem();

    public void Dispose() => _sample.Dispose();

    [Fact]
    public void A_key_is_trusted_in_each_form_in_which_a_server_tells_it()
    {
        string log = _sample.LogKey.ToString();
        Assert.Equal(Verdict.Valid, Verify(TrustPolicy.OfKeys(log)).Verdict);
        Assert.Equal(Verdict.Valid, Verify(TrustPolicy.OfKeys($"\n{log}\r\n")).Verdict);
        Assert.Equal(Verdict.Valid, Verify(TrustPolicy.OfKeys(Pem)).Verdict);
        Assert.Equal(Verdict.Valid, Verify(TrustPolicy.OfKeys($$"""{"vkey":"{{log}}"}""")).Verdict);
        Assert.Equal(Verdict.Untrusted, Verify(TrustPolicy.None).Verdict);
        Assert.All(
            ["", "key", "{}", "-----BEGIN PUBLIC KEY-----"],
            text => Assert.Throws<FormatException>(() => TrustPolicy.OfKeys(log, text))
        );
    }

    /// <summary>Forms may be mixed: each of the two keys is the one that counts, wherever it stands.</summary>
    [Fact]
    public void Every_key_of_a_text_is_trusted_in_whatever_order_they_stand()
    {
        using SigningKey other = SigningKey.Create();
        string pem = other.PublicKey.ToPem(),
            vkey = _sample.LogKey.ToString();
        Assert.All(
            [
                $"{pem}\n{vkey}",
                $"{vkey}\n{pem}\n",
                $"{pem}\r\n\r\n  {vkey}  \r\n{pem}",
                $"{pem}\n{Pem}",
                $"{new NoteKey("log.elsewhere", other.PublicKey)}\n{Pem}\n{pem}",
            ],
            text => Assert.Equal(Verdict.Valid, Verify(TrustPolicy.OfKeys(text)).Verdict)
        );
    }

    /// <summary>What is passed over may be the key that was meant.</summary>
    [Fact]
    public void A_text_with_something_else_than_keys_is_refused_naming_the_line()
    {
        using SigningKey other = SigningKey.Create();
        string vkey = _sample.LogKey.ToString(),
            broken = Pem.Replace("-----END", "*\n-----END", StringComparison.Ordinal),
            cut = Pem[..Pem.IndexOf("-----END", StringComparison.Ordinal)].TrimEnd();
        Assert.All(
            new (string Text, int Line)[]
            {
                ($"the old key\n{Pem}", 1),
                ($"{Pem}\nthe new key\n{Pem}", 4),
                ($"{Pem}\n{vkey[..^1]}\n{Pem}", 4),
                ($"\n\n{vkey}\n# comment", 4),
                ($"{broken}\n{Pem}", 1),
                ($"{vkey}\n{cut}\n{Pem}", 2),
                ($"{Pem}\n{cut}", 4),
                ($"{Pem}x\n{vkey}", 1),
                ($"{Pem.ReplaceLineEndings("\r")}\r{Pem.ReplaceLineEndings("\r")}", 1),
                ($"{Pem}\n{other.ToPem()}", 4),
                ($"{vkey}\n{{\"vkey\":\"{vkey}\"}}", 2),
            },
            pair =>
            {
                string message = Assert.Throws<FormatException>(() => TrustPolicy.OfKeys(pair.Text)).Message;
                Assert.StartsWith($"line {pair.Line} is neither a verifier key ", message, StringComparison.Ordinal);
            }
        );
    }

    [Fact]
    public void What_a_server_tells_is_one_key()
    {
        using SigningKey other = SigningKey.Create();
        string vkey = _sample.LogKey.ToString();
        var another = new NoteKey("log.example", other.PublicKey);
        Assert.Equal(Verdict.Valid, Verify(TrustPolicy.OfKeys(Told(vkey, Pem))).Verdict);
        Assert.All(
            new (string Text, string Error)[]
            {
                (Told(vkey, other.PublicKey.ToPem()), "the JSON has another key in 'pem' than in 'vkey'"),
                (Told(vkey, $"{Pem}\n{other.PublicKey.ToPem()}"), "the JSON has another key in 'pem' than in 'vkey'"),
                ($$"""{"vkey":"{{another}}","vkey":"{{vkey}}"}""", "the JSON can't be read: "),
                ($"{Told(vkey, Pem)}\n{another}", "the JSON can't be read: "),
                ("{}", "the JSON has no verifier key ('vkey')"),
            },
            pair =>
                Assert.StartsWith(
                    pair.Error,
                    Assert.Throws<FormatException>(() => TrustPolicy.OfKeys(pair.Text)).Message,
                    StringComparison.Ordinal
                )
        );

        static string Told(string vkey, string pem) =>
            new JsonObject
            {
                ["keyid"] = "x",
                ["pem"] = pem,
                ["vkey"] = vkey,
            }.ToJsonString();
    }

    /// <summary>A name that is not read would be no limit.</summary>
    [Theory]
    [InlineData("\"a b\"")]
    [InlineData("\"\"")]
    [InlineData("\"a+b\"")]
    [InlineData("5")]
    [InlineData("null")]
    public void An_origin_that_no_log_can_have_is_refused(string origin)
    {
        var key = new JsonObject { ["key"] = Pem, ["origin"] = JsonNode.Parse(origin) };
        var file = new JsonObject { ["form"] = "dis-trust/1", ["keys"] = new JsonArray(key) };
        var refusal = Assert.Throws<FormatException>(() =>
            TrustPolicy.Parse(Encoding.UTF8.GetBytes(file.ToJsonString()))
        );
        Assert.Equal("'origin' is not the name of a log: visible ASCII without '+'", refusal.Message);
    }

    [Fact]
    public void Witnesses_that_are_required_and_not_named_have_not_cosigned()
    {
        TrustPolicy policy = TrustPolicy.OfKeys(Pem).Require(TrustRequirement.Witnessed);
        Assert.Equal("POLICY: no policy was given that says which witnesses count", Verify(policy).Summary);
        Assert.Equal(
            "POLICY: no witness of the policy has cosigned the checkpoint; fetched again from its server, the receipt "
                + "may be under a cosigned one",
            Verify(
                policy.WithWitnesses(
                    Encoding.UTF8.GetBytes($"witness one {new Cosigner("w1", _sample.Key).Key}\nquorum one\n")
                )
            ).Summary
        );
    }

    [Fact]
    public void What_is_no_policy_and_no_revocation_is_refused()
    {
        Assert.Throws<FormatException>(() => TrustPolicy.None.WithWitnesses("quorum two\n"u8.ToArray()));
        Assert.Throws<FormatException>(() => TrustPolicy.None.WithRevocation("a note"));
        Assert.Throws<FormatException>(() => TrustPolicy.Parse("{}"u8.ToArray()));
    }

    private VerificationResult Verify(TrustPolicy policy) =>
        ReceiptVerifier.Verify(
            new ReceiptEvidence(_sample.Receipt.ToJson())
            {
                Request = Encoding.UTF8.GetBytes(SampleReceipt.RequestBody),
                Response = Encoding.UTF8.GetBytes(SampleReceipt.Answer),
            },
            policy
        );
}
