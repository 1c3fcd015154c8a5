using System.Security.Cryptography;

namespace DeterministicInference.Receipts;

/// <summary>
/// 32 bytes that open a commitment, or, as the receipt's salt, all of them (<see cref="ReceiptSalts"/>). Whoever has
/// the receipt's can test guesses of the request; with the trail, recover the output token by token. It is as
/// confidential as the text.
/// </summary>
internal sealed class Salt
{
    /// <summary>Length in bytes.</summary>
    public const int Size = 32;

    private readonly byte[] _bytes;

    /// <summary>Takes the salt from its bytes.</summary>
    /// <exception cref="ArgumentException">There are not 32 of them.</exception>
    public Salt(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new ArgumentException("A salt has 32 bytes.", nameof(bytes));
        _bytes = bytes.ToArray();
    }

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>A new salt from the system's random generator.</summary>
    public static Salt Create() => new(RandomNumberGenerator.GetBytes(Size));

    /// <summary>The base64 text.</summary>
    public string ToBase64() => Convert.ToBase64String(_bytes);
}
