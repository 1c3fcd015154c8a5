using System.Text;
using DeterministicInference.Engine.Tokenization;
using DeterministicInference.ModelTools.Export;

namespace DeterministicInference.ModelTools.Tokenizer;

/// <summary>A trained byte-level BPE vocabulary. Token strings are written in GPT-2's byte alphabet.</summary>
/// <param name="Tokens">
/// The token of each id: the special tokens, then the 256 bytes in order, then the merged pieces.
/// </param>
/// <param name="Merges">The merges, first the one that is applied first.</param>
internal sealed record Vocabulary(IReadOnlyList<string> Tokens, IReadOnlyList<(string Left, string Right)> Merges)
{
    /// <summary>Id of byte 0.</summary>
    public const int FirstByte = SpecialTokens.Count;

    /// <summary>Id of the first merged piece.</summary>
    public const int FirstMerged = FirstByte + 256;

    /// <summary>The text of every merged piece of letters, with its leading space if it has one.</summary>
    public IReadOnlyList<string> LetterPieces { get; } =
    [
        .. Tokens
            .Skip(FirstMerged)
            .Select(TextOf)
            .Where(text => text.TrimStart() is { Length: > 0 } word && word.All(char.IsAsciiLetter)),
    ];

    /// <summary>The text that an ordinary token stands for.</summary>
    public static string TextOf(string token) => Encoding.Latin1.GetString(ByteAlphabet.Unspell(token));

    public void WriteTo(string folder) => TokenizerFiles.Write(folder, Tokens, Merges);
}
