using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Trust;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>What <c>verify</c> is given.</summary>
/// <param name="File">The file with the receipt.</param>
/// <param name="Request">The file of <c>--request</c>; null for none.</param>
/// <param name="Response">The file of <c>--response</c>; null for none.</param>
internal sealed record GivenFiles(byte[] File, byte[]? Request, byte[]? Response);

/// <summary>What <c>verify</c> says.</summary>
internal sealed record GivenVerdict(string Name, int ExitCode, string Reason)
{
    public bool IsAccepted => ExitCode == 0;

    public override string ToString() => Reason.Length == 0 ? Name : $"{Name}: {Reason}";
}

/// <summary>
/// <c>verify FILE --request FILE --response FILE --key FILE</c> without files. All that the oracle knows of verifying
/// is here. A replay makes REPRODUCED only of what is VALID before, so that no server is needed.
/// </summary>
internal static class VerifierAdapter
{
    private static readonly TrustPolicy Trusted = TrustPolicy.OfKeys(HonestSigner.LogKey.ToString());

    /// <summary>The verdict with the log's key.</summary>
    public static GivenVerdict Verify(GivenFiles files) => Run(files, Trusted);

    /// <summary>
    /// False where the verdict can't be good. The signature, which costs more than all the rest, is not looked at: no
    /// key makes a failed check good.
    /// </summary>
    public static bool MayAccept(GivenFiles files) =>
        Run(files, TrustPolicy.None).Name == VerdictName.Of(Verdict.Untrusted);

    private static GivenVerdict Run(GivenFiles files, TrustPolicy policy)
    {
        // An array that is null would be converted to empty memory.
        // The command refuses what is empty: who received nothing did not receive the answer.
        if (files.Request is { Length: 0 } || files.Response is { Length: 0 })
            return new GivenVerdict("UNUSABLE", 2, "is empty");
        var evidence = new ReceiptEvidence(files.File)
        {
            Request = files.Request is { } request ? request : (ReadOnlyMemory<byte>?)null,
            Response = files.Response is { } response ? response : (ReadOnlyMemory<byte>?)null,
        };
        try
        {
            VerificationResult result = ReceiptVerifier.Verify(evidence, policy);
            return new GivenVerdict(result.Name, result.ExitCode, result.Reason);
        }
        catch (EvidenceException e)
        {
            return new GivenVerdict("UNUSABLE", 2, e.Message);
        }
    }
}
