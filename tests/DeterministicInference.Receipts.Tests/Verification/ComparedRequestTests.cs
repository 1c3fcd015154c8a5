using System.Text;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Tests.Statements;
using DeterministicInference.Receipts.Verification;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Verification;

/// <summary>What a holder has of a request, against what was sealed of it.</summary>
public sealed class ComparedRequestTests : IDisposable
{
    private const string Core =
        "\"model\":\"m\",\"messages\":[],\"max_tokens\":5,\"temperature\":0.5,\"top_p\":0.5,\"stop\":\"x\"";

    private readonly SampleReceipt _sample = new();

    [Theory]
    [InlineData("\"max_tokens\":5,\"seed\":1", "\"seed\":1.0,\"max_completion_tokens\":5,\"n\":1,\"user\":\"u\"")]
    [InlineData("\"x\":1", "\"echo\":false,\"x\":1e0,\"stop\":[],\"y\":null")]
    public void Requests_that_mean_the_same_are_one(string sealedAs, string given)
    {
        VerificationResult result = Verify(sealedAs, given);
        Assert.Equal(Verdict.Valid, result.Verdict);
    }

    /// <summary>Routers drop members that they don't know; the fewest that explain it are named.</summary>
    [Theory]
    [InlineData("", "\"top_k\":1", "top_k")]
    [InlineData("\"seed\":1", "\"seed\":1,\"min_p\":0.5,\"rid\":\"x\"", "min_p")]
    [InlineData("\"b\":1", "\"a\":1,\"b\":1,\"c\":1,\"d\":1", "a, c, d")]
    [InlineData(
        "",
        "\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1",
        "a, b, c, d, e, f, g, h, i, j"
    )]
    [InlineData(
        "\"j\":1",
        "\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1",
        "a, b, c, d, e, f, g, h, i"
    )]
    // Of more than ten each one and all.
    [InlineData(
        "\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1",
        "\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,\"k\":1",
        "k"
    )]
    [InlineData(
        "",
        "\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,\"k\":1",
        "a, b, c, d, e, f, g, h, i, j, k"
    )]
    // As the client wrote the name.
    [InlineData("", "\"\\u0061\":1,\"n\":1,\"stream\":true", "a")]
    public void Members_that_were_dropped_are_named(string sealedAs, string given, string dropped)
    {
        VerificationResult result = Verify(Join(Core, sealedAs), Join(Core, given));
        Assert.Equal(
            $"INCONCLUSIVE: the sealed request is this one without {dropped}: something between client and server has "
                + "dropped what it does not know",
            result.Summary
        );
        Assert.Equal(
            ReceiptCheck.Request,
            Assert.Single(result.Checks, check => check.Outcome == CheckOutcome.NotMet).Check
        );
    }

    [Theory]
    // What every server reads is not dropped.
    [InlineData("\"messages\":[]", "\"messages\":[],\"model\":\"m\"")]
    [InlineData("\"model\":\"m\"", "\"model\":\"m\",\"messages\":[]")]
    [InlineData("\"model\":\"m\"", "\"model\":\"m\",\"prompt\":\"x\"")]
    [InlineData("\"model\":\"m\"", "\"model\":\"m\",\"temperature\":0.5")]
    [InlineData("\"model\":\"m\"", "\"model\":\"m\",\"top_p\":0.5")]
    [InlineData("\"model\":\"m\"", "\"model\":\"m\",\"max_tokens\":5")]
    [InlineData("\"model\":\"m\"", "\"model\":\"m\",\"max_completion_tokens\":5")]
    [InlineData("\"model\":\"m\"", "\"model\":\"m\",\"stop\":\"x\"")]
    // More in the sealed one, or another value.
    [InlineData("\"top_k\":1", "")]
    [InlineData("\"top_k\":1", "\"top_k\":2")]
    [InlineData("\"top_k\":1", "\"top_k\":2,\"seed\":1")]
    [InlineData("\"x\":{\"a\":1}", "\"x\":{\"a\":1,\"b\":2}")]
    [InlineData("\"x\":[1.0]", "\"x\":[1]")]
    // Two of more than ten.
    [InlineData("\"a\":1", "\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,\"k\":1")]
    public void Another_request_is_tampered(string sealedAs, string given)
    {
        VerificationResult result = Verify(sealedAs, given);
        Assert.Equal((Verdict.Tampered, ReceiptCheck.Request), (result.Verdict, Assert.Single(result.Failures).Check));
    }

    /// <summary>Of a long request not every selection is tried, so that a check takes no minutes.</summary>
    [Fact]
    public void Of_a_long_request_each_member_and_all_are_tried()
    {
        string text = $"\"x\":\"{new string('x', 70_000)}\"";
        Assert.Equal(Verdict.Inconclusive, Verify(text, text + ",\"top_k\":1").Verdict);
        Assert.Equal(Verdict.Inconclusive, Verify("", text + ",\"top_k\":1").Verdict);
        Assert.Equal(Verdict.Tampered, Verify(text, text + ",\"top_k\":1,\"top_a\":1").Verdict);
    }

    /// <summary>The whole request is hashed for each, and a file may have 200,000.</summary>
    [Theory]
    [InlineData(100, Verdict.Inconclusive)]
    [InlineData(101, Verdict.Tampered)]
    public void Of_more_than_a_hundred_members_only_all_are_tried(int count, Verdict ofOne)
    {
        string[] members = [.. Enumerable.Range(0, count).Select(i => $"\"x{i}\":1")];
        string all = string.Join(',', members);
        Assert.Equal(Verdict.Inconclusive, Verify("", all).Verdict);
        Assert.Equal(ofOne, Verify(string.Join(',', members.Skip(1)), all).Verdict);
    }

    /// <summary>A doubt about the request hides nothing that is worse, and is no trust in a key.</summary>
    [Fact]
    public void A_dropped_member_comes_after_what_is_worse()
    {
        EvidenceReading evidence = Evidence("", "\"top_k\":1");
        Assert.Equal(
            Verdict.Tampered,
            ReceiptExamination.Verify(evidence with { Tokens = SampleReceipt.TokensOf(1) }, _sample.LogKey).Verdict
        );
        Assert.Equal(Verdict.Untrusted, ReceiptExamination.VerifyUnpinned(evidence, null).Verdict);
        Assert.Equal(Verdict.Untrusted, ReceiptExamination.VerifyUnpinned(evidence, _sample.Key.PublicKey).Verdict);
        Assert.Equal(Verdict.Inconclusive, ReceiptExamination.Verify(evidence, _sample.LogKey).Verdict);
        Assert.Equal(
            Verdict.Policy,
            ReceiptExamination.Verify(evidence with { RequiresWitnesses = true }, _sample.LogKey).Verdict
        );
    }

    /// <summary>The request is bound as it was sent; what the server made of it is shown beside it.</summary>
    [Theory]
    [InlineData("\"model\":\"gpt\",\"seed\": 7.0", "\"gpt\"", "7.0")]
    [InlineData("\"seed\":null", null, "null")]
    [InlineData("\"x\":{\"model\":\"gpt\"}", null, null)]
    [InlineData("\"\\u006dodel\":\"\\u0067pt\"", "\"\\u0067pt\"", null)]
    public void Pins_are_shown_with_what_they_replaced(string request, string? model, string? seed)
    {
        VerificationResult result = Verify(request, request);
        Assert.Equal(Verdict.Valid, result.Verdict);
        Assert.Equal([new PinnedMember("model", model, "\"tiny\""), new PinnedMember("seed", seed, "42")], result.Pins);
    }

    /// <summary>A report shows no value of a client that nobody reads to its end.</summary>
    [Theory]
    [InlineData(4094, false)]
    [InlineData(4095, true)]
    public void A_long_value_that_a_pin_replaced_is_cut(int characters, bool isCut)
    {
        string name = $"\"{new string('m', characters)}\"",
            request = $"\"model\":{name}";
        Assert.Equal(
            new PinnedMember("model", isCut ? name[..4096] + "…" : name, "\"tiny\""),
            Verify(request, request).Pins[0]
        );
    }

    [Fact]
    public void Pins_are_shown_without_a_request_and_not_without_a_statement()
    {
        PinnedMember[] unknown = [new("model", null, "\"tiny\""), new("seed", null, "42")];
        Assert.Equal(unknown, Verify(_sample.Evidence with { RequestBody = null }).Pins);
        Assert.Equal(unknown, Verify(_sample.Evidence with { RequestBody = "[]"u8.ToArray() }).Pins);
        Assert.Equal(unknown, Verify(_sample.Evidence with { RequestBody = "{"u8.ToArray() }).Pins);
        Assert.Empty(Verify(_sample.EvidenceOf(_sample.Seal("{}"u8.ToArray()))).Pins);
    }

    public void Dispose() => _sample.Dispose();

    private static string Join(string first, string second) => second.Length == 0 ? first : $"{first},{second}";

    private EvidenceReading Evidence(string sealedAs, string given)
    {
        Sha256Value digest = CanonicalRequest.Digest(
            _sample.Statement.RequestPath,
            Encoding.UTF8.GetBytes($"{{{sealedAs}}}")
        );
        return _sample.EvidenceOf(
            _sample.Statement with
            {
                RequestCommitment = _sample.Commit(SaltLabel.Request, digest),
            }
        ) with
        {
            RequestBody = Encoding.UTF8.GetBytes($"{{{given}}}"),
        };
    }

    private VerificationResult Verify(string sealedAs, string given) => Verify(Evidence(sealedAs, given));

    private VerificationResult Verify(EvidenceReading evidence) =>
        ReceiptExamination.Verify(evidence, _sample.Key.PublicKey);
}
