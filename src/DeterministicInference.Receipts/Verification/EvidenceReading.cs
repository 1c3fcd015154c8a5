using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Statements;
using DeterministicInference.Receipts.Tokens;

namespace DeterministicInference.Receipts.Verification;

/// <summary>A receipt and what is held against it. What is null is not checked.</summary>
/// <param name="Receipt">The receipt.</param>
internal sealed record EvidenceReading(Receipt Receipt)
{
    /// <summary>The client's request body, as it was sent.</summary>
    public ReadOnlyMemory<byte>? RequestBody { get; init; }

    /// <summary>The route that it was sent to; null if it is not known.</summary>
    public string? RequestPath { get; init; }

    /// <summary>The answer as it was read; null without one, or where only digests are known.</summary>
    public RecordedAnswer? Recorded { get; init; }

    /// <summary>The output of the answer; null without one.</summary>
    public OutputDigest? Output { get; init; }

    /// <summary>How the answer that is given was delivered; null if that is not known.</summary>
    public AnswerDelivery? Delivery { get; init; }

    /// <summary>See <see cref="RecordedAnswer.Unbound"/>.</summary>
    public IReadOnlyList<string> Unbound { get; init; } = [];

    /// <summary>Whether the answer that is given has its end; a recording may lack it.</summary>
    public bool HasEnd { get; init; } = true;

    /// <summary>Why the answer that is given has no canonical form; null if it has one.</summary>
    public string? Defect { get; init; }

    /// <summary>Whether the answer has ids of generated tokens, also ones that are not readable or not all.</summary>
    public bool HasTokens { get; init; }

    /// <summary>The same of the prompt's ids.</summary>
    public bool HasPrompt { get; init; }

    /// <summary>The generated token ids of the answer, with the receipt's salts.</summary>
    public TokenDigest? Tokens { get; init; }

    /// <summary>The prompt's token ids, with the receipt's salts.</summary>
    public TokenDigest? Prompt { get; init; }

    /// <summary>The environment document.</summary>
    public InferenceEnvironment? Environment { get; init; }

    /// <summary>
    /// The verified revocations of keys (<see cref="LogRevocation.Verify"/>) that the verifier knows, also none of
    /// them; null if it has not looked for any.
    /// </summary>
    public IReadOnlyList<LogRevocation>? Revocations { get; init; }

    /// <summary>Whose cosignatures on the checkpoint count; null ignores all.</summary>
    public WitnessPolicy? WitnessPolicy { get; init; }

    /// <summary>How long the trusted key is good; null for ever.</summary>
    public KeyLimit? KeyLimit { get; init; }

    /// <summary>Whether the receipt is only good with the policy's quorum (<see cref="Verdict.Policy"/>).</summary>
    public bool RequiresWitnesses { get; init; }

    /// <summary>What the answer says.</summary>
    public IReadOnlyList<VerifiedText> Texts =>
        [.. (Recorded?.Texts ?? []).Select(text => new VerifiedText(text.Choice, text.Channel, text.Text))];

    /// <summary>Checks it with a key.</summary>
    /// <param name="key">The key; null for none.</param>
    /// <param name="log">The log's name and key, where the name is known.</param>
    /// <param name="isPinned">Whether the verifier trusts the key.</param>
    public VerificationResult Check(VerificationKey? key, NoteKey? log, bool isPinned) =>
        !isPinned ? ReceiptExamination.VerifyUnpinned(this, key)
        : log is not null ? ReceiptExamination.Verify(this, log)
        : ReceiptExamination.Verify(this, key!);
}
