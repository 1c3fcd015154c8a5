using System.Text;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Statements;

namespace DeterministicInference.Receipts.Verification;

/// <summary>Whether a log of the key has sealed a statement, whatever it says.</summary>
/// <param name="evidence">The receipt, revocations, witnesses and limits.</param>
/// <param name="key">The key; null for none.</param>
/// <param name="origin">The name that its log must have; null for any.</param>
/// <param name="isPinned">Whether the verifier trusts the key.</param>
/// <param name="checks">Gets the checks.</param>
internal sealed class SealChecks(
    EvidenceReading evidence,
    VerificationKey? key,
    string? origin,
    bool isPinned,
    CheckList checks
)
{
    private SignedNote? _note;

    /// <summary>Whether the checkpoint names another key than the trusted one.</summary>
    public bool IsOtherKey { get; private set; }

    /// <summary>The checkpoint; null if it can't be read.</summary>
    public Checkpoint? Checkpoint { get; private set; }

    /// <summary>The statement's place in the log, by the proof; null likewise.</summary>
    public long? Index { get; private set; }

    /// <summary>Which witnesses of the policy have cosigned.</summary>
    public IReadOnlyList<WitnessCosignature> Cosignatures { get; private set; } = [];

    public void Run()
    {
        CheckSeal();
        CheckRevocation();
        CheckWitnesses();
        CheckValidity();
    }

    /// <summary>The log that the key signs contains the statement.</summary>
    private void CheckSeal()
    {
        SignedNote note;
        TlogProof proof;
        try
        {
            proof = TlogProof.Parse(evidence.Receipt.Proof);
            note = SignedNote.Parse(proof.Checkpoint);
            (Checkpoint, Index) = (Checkpoint.Parse(note.Text), proof.Index);
        }
        catch (LogFormatException e)
        {
            checks.Add(ReceiptCheck.Signature, false, "the proof of the log can't be read: " + e.Message.TrimEnd('.'));
            return;
        }
        if (key is null)
            checks.Skip(ReceiptCheck.Signature, "there is no key to check the log's checkpoint with");
        else if (isPinned && OtherKeyOf(note, Checkpoint.Origin) is { } other)
        {
            IsOtherKey = true;
            checks.AddMet(ReceiptCheck.Signature, other);
        }
        else
            checks.Add(
                ReceiptCheck.Signature,
                LogOrigin.IsValid(Checkpoint.Origin) && note.IsSignedBy(new NoteKey(Checkpoint.Origin, key)),
                $"the log's checkpoint is not signed by the key {key.KeyId}, or was changed"
            );
        try
        {
            proof.VerifyInclusion(LogEntry.Receipt(evidence.Receipt.Statement.Span).Leaf, Checkpoint);
            checks.Add(ReceiptCheck.Inclusion, true, "");
        }
        catch (LogFormatException)
        {
            checks.Add(
                ReceiptCheck.Inclusion,
                false,
                "the log does not contain the statement: it was changed, or the proof is that of another one"
            );
        }
        _note = note;
    }

    /// <summary>
    /// What the checkpoint says of its key, where that is another one than the trusted; null where it names the trusted
    /// one, whose signature can be checked, or none.
    /// </summary>
    private string? OtherKeyOf(SignedNote note, string name)
    {
        NoteSignature[] byLog = [.. note.Signatures.Where(signature => signature.Name == name)];
        if (byLog.Length == 0 || !LogOrigin.IsValid(name))
            return null;
        if (origin is not null && origin != name)
            return $"the log is '{name}', not '{origin}'. Give the key of this one, if you trust it";
        uint trusted = new NoteKey(name, key!).Id;
        byte[] text = Encoding.UTF8.GetBytes(note.Text);
        // A signature by the trusted key under the id of another was changed.
        if (byLog.Any(line => line.KeyId == trusted || key!.Verify(text, line.Signature.Span)))
            return null;
        string named = string.Join(", ", byLog.Select(line => $"{name}+{line.KeyId:x8}"));
        return $"the checkpoint names the key {named}, and the trusted one is {name}+{trusted:x8}. After a rotation "
            + "give the key that the log had before";
    }

    /// <summary>
    /// Whoever has a revoked key can sign any checkpoint: only the one counts that the revocation names.
    /// </summary>
    private void CheckRevocation()
    {
        if (evidence.Revocations is not { } revocations)
        {
            checks.Skip(ReceiptCheck.Revocation, "no revocations were given");
            return;
        }
        LogRevocation[] ofKey =
        [
            .. revocations.Where(revoked => revoked.Key.Key.KeyId == key?.KeyId).DistinctBy(revoked => revoked.Text),
        ];
        if (key is null || Checkpoint is null)
            checks.Skip(ReceiptCheck.Revocation, "there is no key that signed the checkpoint");
        else if (ofKey.Length > 1)
            checks.SkipInDoubt(
                ReceiptCheck.Revocation,
                "the key was revoked in several ways, which contradict each other"
            );
        else if (ofKey is [var only] && !only.Covers(Checkpoint))
            checks.SkipInDoubt(
                ReceiptCheck.Revocation,
                $"the key was revoked: only the log's last checkpoint counts, of {only.Size} entries. The receipt, "
                    + "fetched again from its server, is proved by it"
            );
        else
            checks.Add(ReceiptCheck.Revocation, true, "");
    }

    /// <summary>The policy's witnesses have cosigned the checkpoint. A false cosignature makes it worthless.</summary>
    private void CheckWitnesses()
    {
        if (_note is not { } note)
            return;
        if (evidence.WitnessPolicy is not { } policy)
        {
            if (evidence.RequiresWitnesses)
                checks.AddMet(ReceiptCheck.Witnesses, "no policy was given that says which witnesses count");
            return;
        }
        WitnessedCheckpoint found;
        try
        {
            found = policy.Evaluate(note);
        }
        catch (LogFormatException e)
        {
            checks.Add(ReceiptCheck.Witnesses, false, "the checkpoint is worthless: " + e.Message.TrimEnd('.'));
            return;
        }
        Cosignatures = found.Cosignatures;
        bool isListed =
            policy.Logs.Count == 0
            || (
                key is not null
                && LogOrigin.IsValid(Checkpoint!.Origin)
                && policy.Accepts(new NoteKey(Checkpoint.Origin, key))
            );
        checks.AddMet(
            ReceiptCheck.Witnesses,
            !isListed ? "the policy lists logs, and not this one with this key"
                : found.HasQuorum ? null
                : found.Cosignatures.Count == 0
                    ? "no witness of the policy has cosigned the checkpoint; fetched again from its server, the "
                        + "receipt may be under a cosigned one"
                : "the policy's quorum has not cosigned the checkpoint, only "
                    + string.Join(", ", found.Cosignatures.Select(cosignature => cosignature.Witness.Name))
        );
    }

    /// <summary>The checkpoint is of the time in which the key is good.</summary>
    private void CheckValidity()
    {
        if (evidence.KeyLimit is not { } limit || Checkpoint is not { } checkpoint)
            return;
        string? why =
            limit.LastSize is { } size && checkpoint.Size > size
                ? $"the key counts up to {size} entries of its log, and the checkpoint has {checkpoint.Size}"
            : limit.LastTime is { } time && !IsWitnessedBy(time)
                ? $"the key counts up to {StatementNames.Of(time)}, and no quorum of witnesses has cosigned the "
                    + "checkpoint by then"
            : null;
        checks.AddMet(ReceiptCheck.Validity, why);
    }

    private bool IsWitnessedBy(DateTimeOffset time)
    {
        PolicyWitness[] inTime =
        [
            .. Cosignatures
                .Where(cosignature => cosignature.Timestamp <= time.ToUnixTimeSeconds())
                .Select(cosignature => cosignature.Witness),
        ];
        return inTime.Length > 0 && evidence.WitnessPolicy!.IsQuorum(inTime);
    }
}
