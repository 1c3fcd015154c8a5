using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace DeterministicInference.Receipts.Log;

/// <summary>
/// The parts of a verifier key string of C2SP signed-note, <c>NAME+ID+BASE64</c>: the base64 is of the type's byte and
/// the key.
/// </summary>
/// <param name="Name">Of the signer.</param>
/// <param name="Type">The signature type identifier byte.</param>
/// <param name="Key">The public key in the encoding of its type.</param>
internal sealed record VerifierKeyText(string Name, byte Type, byte[] Key)
{
    /// <summary>The first four bytes of the SHA-256 of name, LF, type and key, big-endian.</summary>
    public uint Id { get; } =
        BinaryPrimitives.ReadUInt32BigEndian(
            SHA256.HashData([.. Encoding.UTF8.GetBytes(Name), (byte)'\n', Type, .. Key])
        );

    /// <summary>Whether a name can stand in a signature line: not empty, no spaces, no <c>+</c>.</summary>
    public static bool IsName(string name) =>
        name.Length > 0 && !name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c is '+' or '\uFFFD');

    /// <summary>Reads a verifier key string of any type whose id is made as signed-note recommends.</summary>
    /// <exception cref="LogFormatException">It is something else, or its parts don't belong together.</exception>
    public static VerifierKeyText Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split('+', 3);
        if (
            parts.Length != 3
            || !IsName(parts[0])
            || !Base64Text.TryDecodeStandard(parts[2], out byte[]? bytes)
            || bytes.Length == 0
        )
        {
            throw new LogFormatException("A verifier key has the form NAME+ID+BASE64.");
        }
        var key = new VerifierKeyText(parts[0], bytes[0], bytes[1..]);
        return key.IdText == parts[1]
            ? key
            : throw new LogFormatException("The id in the verifier key is not the id of its key.");
    }

    /// <summary>The verifier key string.</summary>
    public override string ToString() => $"{Name}+{IdText}+{Convert.ToBase64String([Type, .. Key])}";

    private string IdText => Id.ToString("x8", CultureInfo.InvariantCulture);
}
