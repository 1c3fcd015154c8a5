namespace DeterministicInference.Engine.Tokenization;

/// <summary>
/// GPT-2's reversible spelling of bytes as printable characters, in which byte-level vocabularies are written:
/// printable Latin-1 bytes stand for themselves, the other 68 for U+0100 onwards in byte order.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] Characters = BuildCharacters();
    private static readonly Dictionary<char, byte> Bytes = BuildBytes();

    public static char ToCharacter(byte value) => Characters[value];

    public static bool TryToByte(char character, out byte value) => Bytes.TryGetValue(character, out value);

    /// <summary>The bytes of a spelling.</summary>
    /// <exception cref="ArgumentException">A character is not one of the 256.</exception>
    public static byte[] Unspell(ReadOnlySpan<char> spelling)
    {
        var bytes = new byte[spelling.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            if (!TryToByte(spelling[i], out bytes[i]))
                throw new ArgumentException($"U+{(int)spelling[i]:X4} is not in the byte alphabet.", nameof(spelling));
        }
        return bytes;
    }

    /// <summary>The UTF-8 bytes of a text, each spelled as one character.</summary>
    public static string Spell(ReadOnlySpan<byte> utf8) =>
        string.Create(
            utf8.Length,
            utf8,
            static (target, bytes) =>
            {
                for (int i = 0; i < bytes.Length; i++)
                    target[i] = Characters[bytes[i]];
            }
        );

    private static char[] BuildCharacters()
    {
        var characters = new char[256];
        int next = 256;
        for (int b = 0; b < 256; b++)
        {
            bool printable = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            characters[b] = printable ? (char)b : (char)next++;
        }
        return characters;
    }

    private static Dictionary<char, byte> BuildBytes()
    {
        var bytes = new Dictionary<char, byte>(256);
        for (int b = 0; b < 256; b++)
            bytes.Add(Characters[b], (byte)b);
        return bytes;
    }
}
