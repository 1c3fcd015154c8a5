namespace DeterministicInference.ModelTools.Export;

/// <summary>
/// The printable stand-ins that byte-level BPE files use for the 256 bytes (GPT-2's <c>bytes_to_unicode</c>): printable
/// Latin-1 characters stand for themselves, the other bytes, in ascending order, for U+0100 and up.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] CharacterOfByte = BuildCharacters();
    private static readonly Dictionary<char, byte> ByteOfCharacter = BuildBytes();

    /// <summary>The character that stands for a byte.</summary>
    public static char ToCharacter(byte value) => CharacterOfByte[value];

    /// <summary>The byte that a character stands for.</summary>
    /// <exception cref="ArgumentException">The character is not one of the 256.</exception>
    public static byte ToByte(char character) => ByteOfCharacter.TryGetValue(character, out byte value)
        ? value
        : throw new ArgumentException($"U+{(int)character:X4} is not in the byte alphabet.", nameof(character));

    /// <summary>Spells bytes in the alphabet.</summary>
    public static string Spell(ReadOnlySpan<byte> bytes)
    {
        Span<char> characters = bytes.Length <= 256 ? stackalloc char[bytes.Length] : new char[bytes.Length];
        for (int i = 0; i < bytes.Length; i++) characters[i] = CharacterOfByte[bytes[i]];
        return new string(characters);
    }

    /// <summary>The bytes of a spelling.</summary>
    public static byte[] Unspell(ReadOnlySpan<char> spelling)
    {
        byte[] bytes = new byte[spelling.Length];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = ToByte(spelling[i]);
        return bytes;
    }

    private static char[] BuildCharacters()
    {
        char[] characters = new char[256];
        int next = 256;
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            characters[value] = (char)(printable ? value : next++);
        }
        return characters;
    }

    private static Dictionary<char, byte> BuildBytes()
    {
        Dictionary<char, byte> bytes = new(256);
        for (int value = 0; value < 256; value++) bytes.Add(CharacterOfByte[value], (byte)value);
        return bytes;
    }
}
