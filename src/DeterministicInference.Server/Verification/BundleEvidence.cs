using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tokens;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Server.Verification;

/// <summary>What is held against a receipt, as far as its payload can be read: whether that is signed is checked first of all.</summary>
/// <param name="Evidence">For the verifier.</param>
/// <param name="Recorded">The answer; null if it is not at hand or can't be read.</param>
/// <param name="Malformed">Why the answer can't be the one that was signed; null if it can be read.</param>
internal sealed record BundleEvidence(ReceiptEvidence Evidence, RecordedAnswer? Recorded, string? Malformed)
{
    public static BundleEvidence Of(ReceiptBundle bundle) => Of(bundle, bundle.Request?.Body, bundle.Response?.Body);

    /// <param name="bundle">The receipt with its environment and proof.</param>
    /// <param name="request">The client's request body.</param>
    /// <param name="answer">The answer's body.</param>
    public static BundleEvidence Of(ReceiptBundle bundle, ReadOnlyMemory<byte>? request, ReadOnlyMemory<byte>? answer)
    {
        var evidence = new ReceiptEvidence(bundle.Receipt) { RequestBody = request, Environment = bundle.Environment, InclusionProof = bundle.InclusionProof };
        if (answer is not { } bytes || bundle.Receipt.Salt is not { } salt || Statement(bundle.Receipt) is not { } statement) return new BundleEvidence(evidence, null, null);
        try
        {
            int? choices = request is { } body ? ChoicesPerPrompt(statement, body.Span) : null;
            RecordedAnswer recorded = RecordedAnswer.Read(bytes.Span, statement.Delivery, salt, choices ?? 1, statement.LogprobsCommitment is not null);
            // Without the request it is not known which choice belongs to which prompt.
            bool knowsPrompts = choices is not null || recorded.Output.Choices == 1;
            evidence = evidence with { Output = recorded.Output, Tokens = recorded.Tokens, Prompt = knowsPrompts ? recorded.Prompt : null };
            return new BundleEvidence(evidence, recorded, null);
        }
        catch (CanonicalFormException e)
        {
            return new BundleEvidence(evidence, null, "the answer is not the one that was signed: " + e.Message.TrimEnd('.'));
        }
    }

    /// <summary>Makes all checks that need nobody else.</summary>
    /// <param name="key">To check the signature with; null for none.</param>
    /// <param name="isPinned">Whether the verifier trusts it.</param>
    public VerificationReport Check(VerificationKey? key, bool isPinned)
    {
        VerificationResult result = isPinned ? ReceiptVerifier.Verify(Evidence, key!) : ReceiptVerifier.VerifyUnpinned(Evidence, key);
        VerificationReport report = VerificationReport.Of(result);
        // Of an answer that broke off, the text is not compared.
        return Malformed is { } why && result.Verdict is (Verdict.Valid or Verdict.Inconclusive) ? report.WithFailure(ReceiptCheck.Output, why) : report;
    }

    private static ReceiptStatement? Statement(Receipt receipt)
    {
        try
        {
            return StatementReader.Read(receipt.Envelope.Payload);
        }
        catch (ReceiptFormatException)
        {
            // The verifier says so, if the signature is in order.
            return null;
        }
    }

    private static int? ChoicesPerPrompt(ReceiptStatement statement, ReadOnlySpan<byte> request)
    {
        try
        {
            return ReportedTokens.ChoicesPerPrompt(ReplayRequest.Effective(statement.RequestPath, request, statement.Pins));
        }
        catch (CanonicalFormException)
        {
            // The verifier says so.
            return null;
        }
    }
}
