using System.Reflection;
using DeterministicInference.Receipts.Clients;
using DeterministicInference.Receipts.Verification;
using Xunit;

namespace DeterministicInference.Receipts.Tests;

/// <summary>The package offers what a verifier needs, and no more: all else may change.</summary>
public sealed class PublicTypesTests
{
    [Fact]
    public void They_are_those_that_a_verifier_needs()
    {
        Type[] types = typeof(ReceiptVerifyingHandler).Assembly.GetExportedTypes();
        Assert.Equal(
            [
                "CheckOutcome",
                "CheckResult",
                "EvidenceException",
                "PinnedMember",
                "ReceiptCheck",
                "ReceiptEvidence",
                "ReceiptVerificationException",
                "ReceiptVerifier",
                "ReceiptVerifyingHandler",
                "ReplayOptions",
                "TrustPolicy",
                "TrustRequirement",
                "Verdict",
                "VerificationResult",
                "VerifiedText",
            ],
            types.Select(type => type.Name).Order(StringComparer.Ordinal)
        );
        // Nobody outside can make a result that no verification gave.
        Assert.Empty(
            typeof(VerificationResult).GetConstructors(BindingFlags.Public | BindingFlags.Instance)
        );
    }
}
