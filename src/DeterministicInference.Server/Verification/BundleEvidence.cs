using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Server.Verification;

/// <summary>
/// The evidence for checking a receipt, as far as its statement can be read; whether the log has sealed it is checked
/// first.
/// </summary>
/// <param name="Evidence">Evidence for the verifier.</param>
/// <param name="Recorded">The answer; null if it is missing or can't be read.</param>
internal sealed record BundleEvidence(ReceiptEvidence Evidence, RecordedAnswer? Recorded)
{
    public static BundleEvidence Of(ReceiptBundle bundle) => Of(bundle, bundle.Request?.Body, bundle.Response?.Body);

    /// <param name="bundle">The receipt with its environment.</param>
    /// <param name="request">The client's request body.</param>
    /// <param name="answer">The answer's body.</param>
    public static BundleEvidence Of(ReceiptBundle bundle, ReadOnlyMemory<byte>? request, ReadOnlyMemory<byte>? answer)
    {
        var evidence = new ReceiptEvidence(bundle.Receipt)
        {
            RequestBody = request,
            RequestPath = bundle.Request?.Path,
            Environment = bundle.Environment,
        };
        if (answer is not { } bytes || Statement(bundle.Receipt) is not { } statement)
            return new BundleEvidence(evidence, null);
        AnswerDelivery delivery = RecordedAnswer.DeliveryOf(bytes.Span);
        if (HasAnotherReceipt(bytes, delivery, bundle.Receipt))
            return new BundleEvidence(evidence with { Defect = "it carries another receipt than this one" }, null);
        if (bundle.Response is { } response && response.Delivery != delivery)
        {
            string defect =
                $"its delivery is said to be {StatementNames.Of(response.Delivery)}, and it is "
                + StatementNames.Of(delivery);
            return new BundleEvidence(evidence with { Defect = defect }, null);
        }
        try
        {
            int? choices = request is { } body ? ChoicesPerPrompt(statement, body.Span) : null;
            RecordedAnswer recorded = RecordedAnswer.Read(
                bytes.Span,
                delivery,
                bundle.Receipt.Salts ?? ReceiptSalts.None,
                choices ?? 1
            );
            // Without the request the assignment of choices to prompts is unknown.
            bool knowsPrompts = choices is not null || recorded.Output.Choices == 1;
            evidence = evidence with
            {
                Output = recorded.Output,
                Delivery = delivery,
                HasEnd = recorded.Ended,
                Unbound = recorded.Unbound,
                Tokens = recorded.Tokens,
                HasTokens = recorded.HasTokens,
                Prompt = knowsPrompts ? recorded.Prompt : null,
                HasPrompt = knowsPrompts && recorded.HasPrompt,
            };
            return new BundleEvidence(evidence, recorded);
        }
        catch (CanonicalFormException e)
        {
            return new BundleEvidence(evidence with { Delivery = delivery, Defect = e.Message.TrimEnd('.') }, null);
        }
    }

    /// <summary>Makes all checks that need no server.</summary>
    /// <param name="key">Key of the log; null for none.</param>
    /// <param name="isPinned">Whether the verifier trusts the key.</param>
    public VerificationReport Check(PublicKeyInput? key, bool isPinned)
    {
        VerificationResult result = isPinned
            ? key!.Verify(Evidence)
            : ReceiptVerifier.VerifyUnpinned(Evidence, key?.Key);
        return VerificationReport.Of(result);
    }

    /// <summary>Whoever reads the answer would take its own receipt for the one that was verified.</summary>
    private static bool HasAnotherReceipt(ReadOnlyMemory<byte> answer, AnswerDelivery delivery, Receipt receipt)
    {
        byte[]? found;
        try
        {
            found = AnswerReceipt.Find(answer, delivery);
        }
        catch (ReceiptFormatException)
        {
            // A stream has two: a reader takes the one or the other. Of JSON its own reading says what is wrong with it.
            return delivery == AnswerDelivery.Sse;
        }
        if (found is null)
            return false;
        try
        {
            ReceiptSource own = ReceiptSource.ReadObject(found, "answer", null);
            return own.Bundle is { } whole
                ? !whole.Receipt.Statement.Span.SequenceEqual(receipt.Statement.Span)
                : own.ReceiptId != receipt.ReceiptId;
        }
        catch (Exception e) when (e is ReceiptFormatException or InputException)
        {
            return true;
        }
    }

    private static ReceiptStatement? Statement(Receipt receipt)
    {
        try
        {
            return StatementReader.Read(receipt.Statement);
        }
        catch (ReceiptFormatException)
        {
            // The verifier reports this, if the log has sealed it.
            return null;
        }
    }

    private static int? ChoicesPerPrompt(ReceiptStatement statement, ReadOnlySpan<byte> request)
    {
        try
        {
            return CanonicalRequest.ChoicesPerPrompt(request, statement.Pins);
        }
        catch (CanonicalFormException)
        {
            // The verifier reports this.
            return null;
        }
    }
}
