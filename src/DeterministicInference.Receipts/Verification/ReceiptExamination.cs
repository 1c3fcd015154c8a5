using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Statements;

namespace DeterministicInference.Receipts.Verification;

/// <summary>Checks a receipt against what its holder has. Nothing is computed again and nobody is asked.</summary>
internal static class ReceiptExamination
{
    /// <summary>Checks with the key that the verifier trusts, under any name.</summary>
    public static VerificationResult Verify(EvidenceReading evidence, VerificationKey trusted) =>
        Run(evidence, trusted, origin: null, isPinned: true);

    /// <summary>Checks with the log's name and key that the verifier trusts.</summary>
    public static VerificationResult Verify(EvidenceReading evidence, NoteKey trusted) =>
        Run(evidence, trusted.Key, trusted.Name, isPinned: true);

    /// <summary>
    /// Checks without a trusted key. A key that came with the receipt shows that the parts belong together, not who
    /// made them.
    /// </summary>
    public static VerificationResult VerifyUnpinned(EvidenceReading evidence, VerificationKey? untrusted) =>
        Run(evidence, untrusted, origin: null, isPinned: false);

    private static VerificationResult Run(EvidenceReading evidence, VerificationKey? key, string? origin, bool isPinned)
    {
        var checks = new CheckList();
        var seal = new SealChecks(evidence, key, origin, isPinned, checks);
        seal.Run();
        bool isUnknown = false;
        ReceiptStatement? statement = checks.HasFailed
            ? null
            : ReadStatement(evidence.Receipt.Statement, checks, out isUnknown);
        if (statement is not null)
            new ContentChecks(evidence, statement, checks).Run();
        Verdict verdict =
            checks.HasFailed ? Verdict.Tampered
            : isUnknown ? Verdict.UnknownVersion
            : seal.IsOtherKey ? Verdict.OtherKey
            : !isPinned ? Verdict.Untrusted
            : !statement!.Complete ? Verdict.Incomplete
            : LacksRequired(evidence, checks) ? Verdict.Policy
            : checks.Doubt is not null ? Verdict.Inconclusive
            : checks.IsPassed(ReceiptCheck.Request) && checks.IsPassed(ReceiptCheck.Output) ? Verdict.Valid
            : Verdict.Signed;
        string reason = Reason.Of(verdict, checks, key);
        if (verdict == Verdict.Untrusted && statement is { Complete: false })
            reason += VerificationResult.BrokeOff;
        return new VerificationResult(verdict, reason)
        {
            Checks = checks.All,
            Statement = statement,
            KeyPinned = isPinned,
            KeyId = key?.KeyId,
            Checkpoint = seal.Checkpoint,
            Index = seal.Index,
            Cosignatures = seal.Cosignatures,
            Unbound = evidence.Unbound,
            Pins = statement is null ? [] : SealedRequest.Changes(statement, evidence.RequestBody),
            // Also a replay makes nothing more of an answer that was not compared.
            Texts = verdict == Verdict.Valid ? evidence.Texts : [],
        };
    }

    private static bool LacksRequired(EvidenceReading evidence, CheckList checks) =>
        (evidence.RequiresWitnesses && !checks.IsPassed(ReceiptCheck.Witnesses))
        || (evidence.KeyLimit is not null && !checks.IsPassed(ReceiptCheck.Validity));

    private static ReceiptStatement? ReadStatement(
        ReadOnlyMemory<byte> sealedBytes,
        CheckList checks,
        out bool isUnknown
    )
    {
        isUnknown = false;
        try
        {
            ReceiptStatement statement = StatementReader.Read(sealedBytes);
            checks.Add(ReceiptCheck.Statement, true, "");
            return statement;
        }
        catch (ReceiptFormatException e)
        {
            isUnknown = e.IsUnknownVersion;
            if (isUnknown)
                checks.Skip(ReceiptCheck.Statement, e.Message);
            else
                checks.Add(ReceiptCheck.Statement, false, e.Message);
            return null;
        }
    }
}

/// <summary>Says why it is this verdict, in a few words.</summary>
file static class Reason
{
    public static string Of(Verdict verdict, CheckList checks, VerificationKey? key) =>
        verdict switch
        {
            Verdict.Valid => "not replayed",
            Verdict.UnknownVersion => "made by another version",
            Verdict.Inconclusive => checks.Doubt ?? "",
            Verdict.Tampered => Details(checks.All.Where(check => check.Outcome == CheckOutcome.Failed)),
            Verdict.Incomplete => "the answer broke off",
            Verdict.Policy => Details(
                Unmet(checks).Where(check => check.Check is ReceiptCheck.Witnesses or ReceiptCheck.Validity)
            ),
            Verdict.OtherKey => Details(Unmet(checks).Where(check => check.Check == ReceiptCheck.Signature)),
            Verdict.Signed when checks.IsPassed(ReceiptCheck.Request) =>
                "the request is the sealed one, and no answer was given to compare",
            Verdict.Signed when checks.IsPassed(ReceiptCheck.Output) =>
                "the answer is the sealed one, and no request was given to compare",
            Verdict.Signed => "neither request nor answer was given to compare",
            Verdict.Untrusted when key is null => "there is no key to check the log with",
            Verdict.Untrusted => "anyone can make a receipt, and no key was given that is trusted",
            _ => "",
        };

    private static IEnumerable<CheckResult> Unmet(CheckList checks) =>
        checks.All.Where(check => check.Outcome == CheckOutcome.NotMet);

    private static string Details(IEnumerable<CheckResult> checks) =>
        string.Join("; ", checks.Select(check => check.Detail));
}
