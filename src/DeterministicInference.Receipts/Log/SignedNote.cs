using System.Text;
using DeterministicInference.Receipts.Signing;

namespace DeterministicInference.Receipts.Log;

/// <summary>A text with signature lines below it, as C2SP signed-note describes.</summary>
internal sealed class SignedNote
{
    /// <summary>Most signatures of a note: it needs one of its log and a few of witnesses.</summary>
    public const int MaxSignatures = 64;

    private SignedNote(string text, IReadOnlyList<NoteSignature> signatures) => (Text, Signatures) = (text, signatures);

    /// <summary>What is signed; ends with a line feed.</summary>
    public string Text { get; }

    /// <summary>One or more.</summary>
    public IReadOnlyList<NoteSignature> Signatures { get; }

    /// <summary>Signs a text.</summary>
    /// <param name="text">Ends with a line feed.</param>
    /// <param name="name">The signer's.</param>
    /// <param name="key">The signer's.</param>
    /// <exception cref="ArgumentException">
    /// The text does not end with a line feed, or the name is not valid.
    /// </exception>
    public static SignedNote Sign(string text, string name, ISigner key)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(key);
        if (!text.EndsWith('\n'))
            throw new ArgumentException("The text of a note ends with a line feed.", nameof(text));
        var signer = new NoteKey(name, key.PublicKey);
        return new SignedNote(text, [new NoteSignature(name, signer.Id, key.Sign(Encoding.UTF8.GetBytes(text)))]);
    }

    /// <summary>The note with a further signature.</summary>
    /// <exception cref="ArgumentException">The name is not valid.</exception>
    public SignedNote SignedAlsoBy(string name, ISigner key) =>
        new(Text, [.. Signatures, .. Sign(Text, name, key).Signatures]);

    /// <summary>Reads a note. Signatures of types that are not known here are kept as they are.</summary>
    /// <exception cref="LogFormatException">It has no text, no signature, or a malformed line.</exception>
    public static SignedNote Parse(string note)
    {
        ArgumentNullException.ThrowIfNull(note);
        int split = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (
            split < 0
            || split + 2 == note.Length
            || !note.EndsWith('\n')
            || note.Any(c => c != '\n' && char.IsControl(c))
        )
        {
            throw new LogFormatException("A signed note is a text, an empty line and signature lines.");
        }
        return new SignedNote(note[..(split + 1)], ParseSignatures(note[(split + 2)..]));
    }

    /// <summary>Reads signature lines alone, as a witness answers with them.</summary>
    /// <exception cref="LogFormatException">There is none, or a malformed or unterminated line.</exception>
    public static IReadOnlyList<NoteSignature> ParseSignatures(string lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        if (!lines.EndsWith('\n'))
            throw new LogFormatException("A signature line of a note ends with a line feed.");
        string[] parts = lines[..^1].Split('\n');
        return parts.Length <= MaxSignatures
            ? [.. parts.Select(NoteSignature.Parse)]
            : throw new LogFormatException($"A signed note has at most {MaxSignatures} signatures.");
    }

    /// <summary>The note with further signatures; one that it already has, byte for byte, is not added.</summary>
    public SignedNote With(params IEnumerable<NoteSignature> signatures)
    {
        var lines = new HashSet<string>(Signatures.Select(signature => signature.ToString()), StringComparer.Ordinal);
        return new SignedNote(Text, [.. Signatures, .. signatures.Where(added => lines.Add(added.ToString()))]);
    }

    /// <summary>The note without the signatures that are not wanted.</summary>
    public SignedNote Only(Func<NoteSignature, bool> isWanted) => new(Text, [.. Signatures.Where(isWanted)]);

    /// <summary>
    /// Is the note signed by this key under its name? Not if one of several signatures with the key's name and id is
    /// not by it.
    /// </summary>
    public bool IsSignedBy(NoteKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        byte[] signed = Encoding.UTF8.GetBytes(Text);
        NoteSignature[] named =
        [
            .. Signatures.Where(signature => signature.Name == key.Name && signature.KeyId == key.Id),
        ];
        return named.Length > 0 && named.All(signature => key.Key.Verify(signed, signature.Signature.Span));
    }

    /// <summary>The note.</summary>
    public override string ToString()
    {
        var note = new StringBuilder(Text).Append('\n');
        foreach (NoteSignature signature in Signatures)
            note.Append(signature).Append('\n');
        return note.ToString();
    }
}
