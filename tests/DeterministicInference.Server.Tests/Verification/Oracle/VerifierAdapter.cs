using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Verification;
using DeterministicInference.Server.Verification;

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
    private static readonly PublicKeyInput Trusted = PublicKeyInput.Of(HonestSigner.LogKey);

    /// <summary>The verdict with the log's key.</summary>
    public static GivenVerdict Verify(GivenFiles files) => Run(files, isTrusted: true);

    /// <summary>
    /// False where the verdict can't be good. The signature, which costs more than all the rest, is not looked at: no
    /// key makes a failed check good.
    /// </summary>
    public static bool MayAccept(GivenFiles files) =>
        Run(files, isTrusted: false).Name == VerdictName.Of(Verdict.Untrusted);

    private static GivenVerdict Run(GivenFiles files, bool isTrusted)
    {
        try
        {
            ReceiptSource source = ReceiptSource.Read(files.File, "file");
            if (source.Bundle is not { } bundle)
                return new GivenVerdict("USAGE", 2, "has only the receipt's id");
            ReadOnlyMemory<byte>? request = files.Request is { } r ? r : bundle.Request?.Body,
                response = files.Response is { } a ? a : bundle.Response?.Body;
            if (IsAnother(files.Request, bundle.Request?.Body) || IsAnother(files.Response, bundle.Response?.Body))
                return new GivenVerdict("USAGE", 2, "another one than the file has itself");
            PublicKeyInput key = PublicKeyInput.Named([Trusted], bundle.Receipt);
            VerificationReport report = BundleEvidence
                .Of(bundle, request, response)
                .Check(isTrusted ? key : null, isPinned: isTrusted);
            return new GivenVerdict(VerdictName.Of(report.Verdict), report.ExitCode, report.Reason ?? "");
        }
        catch (InputException e)
        {
            return new GivenVerdict("USAGE", 2, e.Message);
        }
        catch (ReceiptFormatException e)
        {
            Verdict verdict = e.IsUnknownVersion ? Verdict.UnknownVersion : Verdict.Tampered;
            return new GivenVerdict(VerdictName.Of(verdict), VerdictExitCode.Of(verdict), e.Message);
        }
    }

    private static bool IsAnother(byte[]? given, ReadOnlyMemory<byte>? own) =>
        given is not null && own is { } inFile && !inFile.Span.SequenceEqual(given);
}
