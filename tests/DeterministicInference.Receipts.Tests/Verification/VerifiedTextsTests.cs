using System.Text;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Tests.Statements;
using DeterministicInference.Receipts.Trust;
using DeterministicInference.Receipts.Verification;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Verification;

/// <summary>
/// A program shows what is in <c>Texts</c>: there is nothing beside a verdict that does not vouch for it.
/// </summary>
public sealed class VerifiedTextsTests : IDisposable
{
    private readonly SampleReceipt _sample = new();

    public static TheoryData<Verdict> Verdicts => [.. Enum.GetValues<Verdict>()];

    public void Dispose() => _sample.Dispose();

    [Theory]
    [MemberData(nameof(Verdicts))]
    public void Only_three_verdicts_vouch_for_a_text(Verdict verdict)
    {
        bool isGood = verdict is Verdict.Valid or Verdict.Reproduced or Verdict.Corroborated;
        VerificationResult valid = Verify(_sample.LogKey.ToString(), SampleReceipt.RequestBody);
        Assert.Equal(Verdict.Valid, valid.Verdict);
        Assert.Equal(["Hello", "stop"], valid.Texts.Select(text => text.Text));
        Assert.Equal(isGood ? 2 : 0, (valid with { Verdict = verdict }).Texts.Count);
        Assert.Equal(
            isGood ? 2 : 0,
            new VerificationResult(verdict, "") { Texts = valid.Texts }
                .Texts
                .Count
        );
    }

    /// <summary>Neither does a replay that agrees: it was not this answer that was compared with the receipt.</summary>
    [Fact]
    public void What_was_not_compared_gets_no_text_by_a_replay()
    {
        using SigningKey other = SigningKey.Create();
        string key = _sample.LogKey.ToString();
        VerificationResult[] results =
        [
            Verify(key, request: null),
            Verify(null, SampleReceipt.RequestBody),
            Verify(other.PublicKey.ToPem(), SampleReceipt.RequestBody),
            Verify(key, "{}"),
            Verify(
                key,
                SampleReceipt.RequestBody,
                answer => answer.Replace("Hello", "Hullo", StringComparison.Ordinal)
            ),
        ];
        Assert.Equal(
            [Verdict.Signed, Verdict.Untrusted, Verdict.OtherKey, Verdict.Tampered, Verdict.Tampered],
            results.Select(result => result.Verdict)
        );
        foreach (VerificationResult result in results)
        {
            Assert.Empty(result.Texts);
            Assert.All(Enum.GetValues<Verdict>(), verdict => Assert.Empty((result with { Verdict = verdict }).Texts));
        }
    }

    private VerificationResult Verify(string? key, string? request, Func<string, string>? change = null) =>
        ReceiptVerifier.Verify(
            new ReceiptEvidence(_sample.Receipt.ToJson())
            {
                Request = request is null ? null : Encoding.UTF8.GetBytes(request),
                Response = Encoding.UTF8.GetBytes(change?.Invoke(SampleReceipt.Answer) ?? SampleReceipt.Answer),
            },
            key is null ? TrustPolicy.None : TrustPolicy.OfKeys(key)
        );
}
