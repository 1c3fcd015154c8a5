using System.Buffers.Binary;

namespace DeterministicInference.Receipts.Log;

/// <summary>A signature line of a note.</summary>
/// <param name="Name">Of the signer.</param>
/// <param name="KeyId">
/// The four bytes that tell the signer's keys apart. A hint: nothing is trusted because of it.
/// </param>
/// <param name="Signature">What the key has made, without the key id.</param>
internal sealed record NoteSignature(string Name, uint KeyId, ReadOnlyMemory<byte> Signature)
{
    private const string Prefix = "\u2014 ";
    private const int KeyIdBytes = 4;

    /// <summary>The line, without its line feed.</summary>
    public override string ToString()
    {
        var bytes = new byte[KeyIdBytes + Signature.Length];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, KeyId);
        Signature.Span.CopyTo(bytes.AsSpan(KeyIdBytes));
        return $"{Prefix}{Name} {Convert.ToBase64String(bytes)}";
    }

    /// <exception cref="LogFormatException">It has another form.</exception>
    internal static NoteSignature Parse(string line)
    {
        string[] parts = line.StartsWith(Prefix, StringComparison.Ordinal) ? line[Prefix.Length..].Split(' ') : [];
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
