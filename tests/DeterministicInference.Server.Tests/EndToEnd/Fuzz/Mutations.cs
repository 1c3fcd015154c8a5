namespace DeterministicInference.Server.Tests.EndToEnd.Fuzz;

/// <summary>Small damage to bytes.</summary>
internal static class Mutations
{
    /// <summary>Bytes that mean something to one of the parsers.</summary>
    private static readonly byte[] Special =
    [
        .. "{}[]\",:\\/u0-+eE.tfn \r\n"u8,
        0,
        0x1F,
        0x7F,
        0x80,
        0xBF,
        0xC0,
        0xED,
        0xEF,
        0xF5,
        0xFF,
    ];

    /// <summary>One to three changes.</summary>
    public static byte[] Of(byte[] bytes, FuzzRandom random)
    {
        for (int i = random.Next(3); i >= 0 && bytes.Length > 0; i--)
        {
            int at = random.Next(bytes.Length),
                length = Math.Min(1 + random.Next(8), bytes.Length - at);
            bytes = random.Next(6) switch
            {
                0 => [.. bytes[..at], random.Pick(Special), .. bytes[(at + 1)..]],
                1 => [.. bytes[..at], random.Pick(Special), .. bytes[at..]],
                2 => [.. bytes[..at], .. bytes[(at + length)..]],
                3 => [.. bytes[..(at + length)], .. bytes[at..]],
                4 => bytes[..at],
                _ => [.. bytes[..at], (byte)(bytes[at] ^ (1 << random.Next(8))), .. bytes[(at + 1)..]],
            };
        }
        return bytes;
    }
}
