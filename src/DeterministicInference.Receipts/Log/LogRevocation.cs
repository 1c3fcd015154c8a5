using System.Globalization;
using DeterministicInference.Receipts.Signing;

namespace DeterministicInference.Receipts.Log;

/// <summary>
/// A log's key counts no longer, because others may have it: <c>dis-revoke/1</c>. What was sealed before is still
/// proved by the log's last checkpoint, whose size and root stand here. Whoever has the key can sign any other one.
/// </summary>
/// <param name="Key">Name and revoked key of the log.</param>
/// <param name="Size">Entries of its last checkpoint.</param>
/// <param name="Root">The tree hash over them.</param>
/// <param name="Next">Name and key of the log that follows.</param>
internal sealed record LogRevocation(NoteKey Key, long Size, Sha256Value Root, NoteKey Next)
{
    private const string Form = "dis-revoke/1";

    /// <summary>The lines that are signed.</summary>
    public string Text =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Form}\n{Key}\n{Size}\n{Convert.ToBase64String(Root.ToArray())}\n{Next}\n"
        );

    /// <summary>Reads a signed revocation.</summary>
    /// <param name="note">The whole note.</param>
    /// <exception cref="LogFormatException">
    /// It has another form, or the revoked key and the one that follows have not both signed it, or
    /// are the same.
    /// </exception>
    public static LogRevocation Verify(string note)
    {
        SignedNote signed = SignedNote.Parse(note);
        LogRevocation revocation = Parse(signed.Text);
        if (revocation.Key.Key.KeyId == revocation.Next.Key.KeyId)
            throw new LogFormatException("The revocation names the revoked key as the next one.");
        foreach (NoteKey key in new[] { revocation.Key, revocation.Next })
        {
            if (!signed.IsSignedBy(key))
                throw new LogFormatException($"The revocation is not signed by the key {key.Key.KeyId}.");
        }
        return revocation;
    }

    /// <summary>The signed note, by the revoked key and the next one.</summary>
    /// <exception cref="ArgumentException">A key is not the one that stands here.</exception>
    public SignedNote Sign(ISigner revoked, ISigner next)
    {
        ArgumentNullException.ThrowIfNull(revoked);
        ArgumentNullException.ThrowIfNull(next);
        if ((revoked.PublicKey.KeyId, next.PublicKey.KeyId) != (Key.Key.KeyId, Next.Key.KeyId))
            throw new ArgumentException("The keys are not the revoked one and the next one.");
        return SignedNote.Sign(Text, Key.Name, revoked).SignedAlsoBy(Next.Name, next);
    }

    /// <summary>Whether a checkpoint is the last one of the log, which is the only one that counts.</summary>
    public bool Covers(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return (checkpoint.Origin, checkpoint.Size, checkpoint.Root) == (Key.Name, Size, Root);
    }

    private static LogRevocation Parse(string text)
    {
        if (
            text.Split('\n') is not [Form, var vkey, var entries, var hash, var next, ""]
            || !long.TryParse(entries, NumberStyles.None, CultureInfo.InvariantCulture, out long size)
            || !Base64Text.TryDecodeStandard(hash, out byte[]? root)
            || root.Length != Sha256Value.Size
        )
        {
            throw new LogFormatException(
                $"A revocation has five lines: {Form}, the revoked verifier key, a size, a tree hash and the next "
                    + "verifier key."
            );
        }
        var revocation = new LogRevocation(NoteKey.Parse(vkey), size, new Sha256Value(root), NoteKey.Parse(next));
        return revocation.Text == text
            ? revocation
            : throw new LogFormatException("The lines of the revocation are not written as they have to be.");
    }
}
