using System.Buffers.Binary;
using System.Text;
using DeterministicInference.Receipts.Signing;

namespace DeterministicInference.Receipts.Log;

/// <summary>A text with signature lines below it, as C2SP signed-note describes.</summary>
public sealed class SignedNote
{
    private const string LinePrefix = "\u2014 ";
    private const int KeyIdBytes = 4;

    /// <summary>A note needs one signature of its log and a few of witnesses.</summary>
    private const int MaxSignatures = 64;

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
    public static SignedNote Sign(string text, string name, SigningKey key)
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
    public SignedNote SignedAlsoBy(string name, SigningKey key) =>
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
        string[] lines = note[(split + 2)..^1].Split('\n');
        if (lines.Length > MaxSignatures)
            throw new LogFormatException($"A signed note has at most {MaxSignatures} signatures.");
        return new SignedNote(note[..(split + 1)], [.. lines.Select(ParseSignature)]);
    }

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
        {
            var bytes = new byte[KeyIdBytes + signature.Signature.Length];
            BinaryPrimitives.WriteUInt32BigEndian(bytes, signature.KeyId);
            signature.Signature.Span.CopyTo(bytes.AsSpan(KeyIdBytes));
            note.Append(LinePrefix)
                .Append(signature.Name)
                .Append(' ')
                .Append(Convert.ToBase64String(bytes))
                .Append('\n');
        }
        return note.ToString();
    }

    private static NoteSignature ParseSignature(string line)
    {
        string[] parts = line.StartsWith(LinePrefix, StringComparison.Ordinal)
            ? line[LinePrefix.Length..].Split(' ')
            : [];
        if (
            parts.Length != 2
            || parts[0].Length == 0
            || parts[0].Contains('+', StringComparison.Ordinal)
            || !Base64Text.TryDecodeStandard(parts[1], out byte[]? bytes)
            || bytes.Length <= KeyIdBytes
        )
        {
            throw new LogFormatException("A signature line of a note has another form than '\u2014 NAME BASE64'.");
        }
        return new NoteSignature(parts[0], BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes.AsMemory(KeyIdBytes));
    }
}

/// <summary>A signature line of a note.</summary>
/// <param name="Name">Of the signer.</param>
/// <param name="KeyId">
/// The four bytes that tell the signer's keys apart. A hint: nothing is trusted because of it.
/// </param>
/// <param name="Signature">What the key has made, without the key id.</param>
public sealed record NoteSignature(string Name, uint KeyId, ReadOnlyMemory<byte> Signature);
