using System.Globalization;
using DeterministicInference.Engine.Tokenization;

namespace DeterministicInference.ModelTools.Export;

/// <summary>
/// The vocabulary of a model without sense: the special tokens, the 256 bytes by value, then made-up texts such as
/// <c>&lt;x300&gt;</c>, so that every id decodes to something legible.
/// </summary>
internal static class RandomVocabulary
{
    /// <summary>Special tokens and bytes.</summary>
    public const int Smallest = SpecialTokens.Count + 256;

    /// <summary>The token of each id in <see cref="ByteAlphabet"/>.</summary>
    public static IReadOnlyList<string> Create(int size)
    {
        List<string> tokens = new(size);
        tokens.AddRange(SpecialTokens.Texts);
        for (int value = 0; value < 256; value++)
            tokens.Add(ByteAlphabet.ToCharacter((byte)value).ToString());
        // Printable ASCII stands for itself in the alphabet.
        for (int id = Smallest; id < size; id++)
            tokens.Add(string.Create(CultureInfo.InvariantCulture, $"<x{id}>"));
        return tokens;
    }
}
