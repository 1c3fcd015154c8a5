using System.Text.Json;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Statements;

namespace DeterministicInference.Receipts.Verification;

/// <summary>
/// Reads what a holder has, as far as the receipt's statement can be read; whether the log has sealed it is checked
/// first.
/// </summary>
internal static class EvidenceReader
{
    private const string AnotherReceipt = "it carries another receipt than this one";

    /// <summary>Reads a bundle with its own request and answer.</summary>
    public static EvidenceReading Read(ReceiptBundle bundle) =>
        Read(bundle, bundle.Request?.Body, bundle.Response?.Body);

    /// <param name="bundle">The receipt with its environment.</param>
    /// <param name="request">The client's request body; null for none.</param>
    /// <param name="answer">The answer's body; null for none.</param>
    /// <param name="keeping">What is kept of the answer.</param>
    public static EvidenceReading Read(
        ReceiptBundle bundle,
        ReadOnlyMemory<byte>? request,
        ReadOnlyMemory<byte>? answer,
        AnswerKeeping keeping = AnswerKeeping.All
    )
    {
        var reading = new EvidenceReading(bundle.Receipt)
        {
            RequestBody = request,
            RequestPath = bundle.Request?.Path,
            Environment = bundle.Environment,
        };
        if (answer is not { } bytes || Statement(bundle.Receipt) is not { } statement)
            return reading;
        AnswerDelivery delivery = RecordedAnswer.DeliveryOf(bytes.Span);
        if (bundle.Response is { } response && response.Delivery != delivery)
        {
            return reading with
            {
                Defect =
                    $"its delivery is said to be {StatementNames.Of(response.Delivery)}, and it is "
                    + StatementNames.Of(delivery),
            };
        }
        if (delivery == AnswerDelivery.Sse && HasAnotherReceipt(bytes, bundle.Receipt))
            return reading with { Defect = AnotherReceipt };
        try
        {
            int? choices = request is { } body ? ChoicesPerPrompt(statement, body) : null;
            RecordedAnswer recorded = RecordedAnswer.Read(
                bytes.Span,
                delivery,
                bundle.Receipt.Salts ?? ReceiptSalts.None,
                choices ?? 1,
                keeping: keeping
            );
            if (IsAnother(recorded.Receipt, bundle.Receipt))
                return reading with { Defect = AnotherReceipt };
            // Without the request the assignment of choices to prompts is unknown.
            bool knowsPrompts = choices is not null || recorded.Output.Choices == 1;
            return reading with
            {
                Recorded = recorded,
                Output = recorded.Output,
                Delivery = delivery,
                HasEnd = recorded.Ended,
                Unbound = recorded.Unbound,
                Tokens = recorded.Tokens,
                HasTokens = recorded.HasTokens,
                Prompt = knowsPrompts ? recorded.Prompt : null,
                HasPrompt = knowsPrompts && recorded.HasPrompt,
            };
        }
        catch (CanonicalFormException e)
        {
            return reading with { Delivery = delivery, Defect = e.Message.TrimEnd('.') };
        }
    }

    private static bool HasAnotherReceipt(ReadOnlyMemory<byte> stream, Receipt receipt)
    {
        try
        {
            return IsAnother(AnswerReceipt.Find(stream, AnswerDelivery.Sse), receipt);
        }
        catch (ReceiptFormatException)
        {
            // It has two: a reader takes the one or the other.
            return true;
        }
    }

    /// <summary>Whoever reads the answer would take its own receipt for the one that was verified.</summary>
    /// <param name="found">The one that the answer carries; null for none.</param>
    /// <param name="receipt">The one that is verified.</param>
    private static bool IsAnother(byte[]? found, Receipt receipt)
    {
        if (found is null)
            return false;
        try
        {
            ReceiptSource own = ReceiptSource.ReadObject(found, "answer", null);
            return own.Bundle is { } whole
                ? !whole.Receipt.Statement.Span.SequenceEqual(receipt.Statement.Span)
                : own.ReceiptId != receipt.ReceiptId;
        }
        catch (Exception e) when (e is ReceiptFormatException or EvidenceException)
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
            // The examination reports this, if the log has sealed it.
            return null;
        }
    }

    private static int? ChoicesPerPrompt(ReceiptStatement statement, ReadOnlyMemory<byte> request)
    {
        try
        {
            using JsonDocument document = RequestText.ParseInPlace(request);
            return CanonicalRequest.ChoicesPerPrompt(document.RootElement, statement.Pins);
        }
        catch (CanonicalFormException)
        {
            // The examination reports this.
            return null;
        }
    }
}
