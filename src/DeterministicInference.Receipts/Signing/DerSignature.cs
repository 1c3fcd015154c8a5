namespace DeterministicInference.Receipts.Signing;

/// <summary>
/// The one DER encoding of an ECDSA signature: a sequence of two integers. The platform's verification also takes
/// integers without the zero that keeps them positive.
/// </summary>
internal static class DerSignature
{
    private const byte Sequence = 0x30,
        Integer = 0x02;

    public static bool IsDer(ReadOnlySpan<byte> signature)
    {
        if (
            signature.Length < 2
            || signature[0] != Sequence
            || signature[1] >= 0x80
            || signature[1] != signature.Length - 2
        )
            return false;
        ReadOnlySpan<byte> rest = signature[2..];
        return TakeInteger(ref rest) && TakeInteger(ref rest) && rest.IsEmpty;
    }

    /// <summary>Not negative, and without needless zeros.</summary>
    private static bool TakeInteger(ref ReadOnlySpan<byte> rest)
    {
        if (rest.Length < 3 || rest[0] != Integer || rest[1] is 0 or >= 0x80 || rest[1] > rest.Length - 2)
            return false;
        ReadOnlySpan<byte> number = rest.Slice(2, rest[1]);
        rest = rest[(2 + number.Length)..];
        return number[0] < 0x80 && !(number.Length > 1 && number[0] == 0 && number[1] < 0x80);
    }
}
