using DeterministicInference.ModelTools.Data.Tables;

namespace DeterministicInference.ModelTools.Data;

/// <summary>
/// Words to repeat, to spell and to tell stories about: listed words, invented words and the tokenizer's own pieces.
/// Invented words make copying and spelling work on words that were never seen.
/// </summary>
/// <param name="pieces">Letter strings of the vocabulary, each with its leading space if it has one.</param>
/// <param name="invented">False where only real words are wanted: the tokenizer must not learn invented ones.</param>
internal sealed class WordSource(IReadOnlyList<string> pieces, bool invented)
{
    private static readonly string[] Onsets =
    [
        "",
        "",
        "b",
        "bl",
        "br",
        "c",
        "ch",
        "cl",
        "cr",
        "d",
        "dr",
        "f",
        "fl",
        "fr",
        "g",
        "gl",
        "gr",
        "h",
        "j",
        "k",
        "kl",
        "l",
        "m",
        "n",
        "p",
        "pl",
        "pr",
        "qu",
        "r",
        "s",
        "sc",
        "sh",
        "sk",
        "sl",
        "sm",
        "sn",
        "sp",
        "st",
        "str",
        "t",
        "th",
        "tr",
        "v",
        "w",
        "wh",
        "x",
        "y",
        "z",
    ];

    private static readonly string[] Vowels =
    [
        "a",
        "e",
        "i",
        "o",
        "u",
        "a",
        "e",
        "i",
        "o",
        "ea",
        "oo",
        "ai",
        "ou",
        "ee",
        "y",
        "ie",
    ];

    private static readonly string[] Codas =
    [
        "",
        "",
        "",
        "b",
        "ck",
        "d",
        "f",
        "g",
        "k",
        "l",
        "ll",
        "m",
        "n",
        "ng",
        "nt",
        "p",
        "r",
        "rd",
        "rk",
        "s",
        "ss",
        "st",
        "t",
        "th",
        "v",
        "x",
        "z",
        "mp",
        "nd",
        "ft",
        "tch",
    ];

    private readonly string[] _pieces = [.. pieces];

    /// <summary>True if pieces are known: before the tokenizer exists there are none.</summary>
    public bool HasPieces => _pieces.Length > 0;

    public string Piece(KeyedRandom random) => random.Pick(_pieces);

    public static string Listed(KeyedRandom random) => random.Pick(WordLists.All);

    /// <summary>A lower-case word: three of four times a listed one.</summary>
    public string Any(KeyedRandom random) => random.Chance(75) ? Listed(random) : Invented(random);

    /// <summary>
    /// A word of one to three syllables that is most likely no English word, or a listed word where none may be
    /// invented.
    /// </summary>
    public string Invented(KeyedRandom random)
    {
        if (!invented)
        {
            return Listed(random);
        }

        Span<char> word = stackalloc char[32];
        int length = 0;
        int syllables = random.Below(10) switch
        {
            < 2 => 1,
            < 7 => 2,
            _ => 3,
        };
        for (int i = 0; i < syllables; i++)
        {
            length = Put(word, length, random.Pick(Onsets));
            length = Put(word, length, random.Pick(Vowels));
            length = Put(word, length, i == syllables - 1 || random.Chance(30) ? random.Pick(Codas) : "");
        }

        return new string(word[..Math.Clamp(length, 1, 11)]);
    }

    public string Name(KeyedRandom random) =>
        random.Chance(70) ? random.Pick(WordLists.Names) : Capitalized(Invented(random));

    public static string Capitalized(string word) =>
        word.Length == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..];

    private static int Put(Span<char> word, int length, string part)
    {
        part.CopyTo(word[length..]);
        return length + part.Length;
    }
}
