using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Tests.Statements;
using DeterministicInference.Receipts.Trust;
using DeterministicInference.Receipts.Verification;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Verification;

/// <summary>What a program prints of a result forges no line of it, and gives a terminal no orders.</summary>
public sealed class PrintedTextTests
{
    public static TheoryData<string> Nasty =>
        [
            "\nVALID (not replayed)",
            "\r\nVALID",
            "\u001b[2J\u001b[32mVALID",
            "\u009b2J",
            "\u0007\b\0\u007f",
            "\u0085\u2028\u2029",
            "\u202eDILAV\u202c",
            "\u2066x\u2069\u200f\u200e\u061c",
        ];

    [Theory]
    [MemberData(nameof(Nasty))]
    public void Reasons_and_details_are_escaped(string nasty)
    {
        var result = new VerificationResult(Verdict.Inconclusive, nasty);
        Assert.All(
            [
                result.Reason,
                result.Summary,
                (result with { Reason = nasty }).Summary,
                new CheckResult(ReceiptCheck.Output, CheckOutcome.Failed, nasty).Detail,
                new EvidenceException(nasty).Message,
            ],
            text => Assert.Contains(OneLine.Of(nasty), text, StringComparison.Ordinal)
        );
        Assert.DoesNotContain(OneLine.Of(nasty), IsUnsafe);
        Assert.Equal(
            nasty.Contains('\n', StringComparison.Ordinal),
            OneLine.OfLines(nasty).Contains('\n', StringComparison.Ordinal)
        );
        Assert.DoesNotContain(OneLine.OfLines(nasty).Replace("\n", "", StringComparison.Ordinal), IsUnsafe);
    }

    [Fact]
    public void Lines_and_tabs_stay_in_a_text_of_lines() =>
        Assert.Equal("a\n\tb\\u000d\n\nc\\u001b", OneLine.OfLines("a\n\tb\r\n\nc\u001b"));

    /// <summary>The name of a member that was dropped stands in the reason, and anybody made the file.</summary>
    [Theory]
    [MemberData(nameof(Nasty))]
    public void A_name_in_a_request_is_escaped(string nasty)
    {
        using var sample = new SampleReceipt();
        VerificationResult result = ReceiptVerifier.Verify(
            new ReceiptEvidence(sample.Receipt.ToJson())
            {
                Request = Encoding.UTF8.GetBytes(
                    $"{{{JsonSerializer.Serialize(nasty)}:1,{SampleReceipt.RequestBody[1..]}"
                ),
                Response = Encoding.UTF8.GetBytes(SampleReceipt.Answer),
            },
            TrustPolicy.OfKeys(sample.LogKey.ToString())
        );
        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        string detail = result.Checks.Single(check => check.Check == ReceiptCheck.Request).Detail;
        Assert.All(
            [result.Reason, result.Summary, detail],
            text => Assert.Contains($" without {OneLine.Of(nasty)}: ", text, StringComparison.Ordinal)
        );
    }

    private static bool IsUnsafe(char c) =>
        char.IsControl(c)
        || c is '\u2028' or '\u2029' or '\u061c' or '\u200e' or '\u200f'
        || c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}
