using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace DeterministicInference.Engine.Tokenization;

/// <summary>Splits normalized text into the words that byte-pair encoding works on.</summary>
internal abstract class PreTokenizer
{
    /// <summary>Replaces each piece by its parts, in order.</summary>
    /// <param name="pieces">What earlier steps left of a text between two added tokens.</param>
    /// <param name="atStart">Whether the first piece is the beginning of the whole text.</param>
    public abstract List<string> Split(List<string> pieces, bool atStart);
}

/// <summary>
/// <c>Split</c> with a regular expression and behaviour <c>Isolated</c>: matches and what lies between them become
/// pieces. The expression is matched against one character per Unicode scalar: letters, digits and symbols outside
/// the basic plane are represented by a character of the same category, because .NET's engine sees surrogates.
/// </summary>
internal sealed class RegexSplit(string pattern) : PreTokenizer
{
    // Possessive quantifiers of a single character class, as in the newer GPT patterns; .NET writes them as groups.
    private static readonly Regex Possessive = new(
        @"(\\p\{[^}]*\}|\[(?:\\.|[^\]\\])*\]|\\.)([?+*]|\{\d+(?:,\d*)?\})\+"
    );

    private readonly Regex _regex = new(Possessive.Replace(pattern, "(?>$1$2)"), RegexOptions.CultureInvariant);

    public override List<string> Split(List<string> pieces, bool atStart)
    {
        var result = new List<string>();
        foreach (string piece in pieces)
        {
            (string proxy, int[]? offsets) = Represent(piece);
            int end = 0;
            foreach (ValueMatch match in _regex.EnumerateMatches(proxy))
            {
                if (match.Length == 0)
                    continue;
                Add(end, match.Index);
                Add(match.Index, match.Index + match.Length);
                end = match.Index + match.Length;
            }
            Add(end, proxy.Length);

            void Add(int from, int to)
            {
                if (from < to)
                    result.Add(offsets is null ? piece[from..to] : piece[offsets[from]..offsets[to]]);
            }
        }
        return result;
    }

    private static (string Proxy, int[]? Offsets) Represent(string piece)
    {
        if (!piece.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
            return (piece, null);
        var proxy = new StringBuilder(piece.Length);
        var offsets = new List<int>(piece.Length);
        int offset = 0;
        foreach (Rune rune in piece.EnumerateRunes())
        {
            offsets.Add(offset);
            offset += rune.Utf16SequenceLength;
            proxy.Append(rune.IsBmp ? (char)rune.Value : OfSameCategory(rune));
        }
        offsets.Add(offset);
        return (proxy.ToString(), [.. offsets]);
    }

    private static char OfSameCategory(Rune rune) =>
        Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter => '\u00C0',
            UnicodeCategory.LowercaseLetter => '\u00E0',
            UnicodeCategory.TitlecaseLetter => '\u01C5',
            UnicodeCategory.ModifierLetter => '\u02B0',
            UnicodeCategory.OtherLetter => '\u05D0',
            UnicodeCategory.NonSpacingMark => '\u0300',
            UnicodeCategory.SpacingCombiningMark => '\u0903',
            UnicodeCategory.EnclosingMark => '\u20DD',
            UnicodeCategory.DecimalDigitNumber => '\u0660',
            UnicodeCategory.LetterNumber => '\u2160',
            UnicodeCategory.OtherNumber => '\u00B2',
            UnicodeCategory.Format => '\u200B',
            _ => '\u2603',
        };
}

/// <summary><c>Digits</c>: numbers are pieces of their own, digit by digit if asked.</summary>
internal sealed class DigitSplit(bool individual) : PreTokenizer
{
    private readonly RegexSplit _split = new(individual ? @"\p{N}" : @"\p{N}+");

    public override List<string> Split(List<string> pieces, bool atStart) => _split.Split(pieces, atStart);
}

/// <summary>
/// <c>ByteLevel</c>: each piece is respelled in GPT-2's byte alphabet, optionally after a leading space and GPT-2's
/// own split.
/// </summary>
internal sealed class ByteLevelSplit(bool addPrefixSpace, bool useRegex) : PreTokenizer
{
    private const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private readonly RegexSplit? _split = useRegex ? new RegexSplit(Gpt2Pattern) : null;

    public override List<string> Split(List<string> pieces, bool atStart)
    {
        if (addPrefixSpace)
            pieces = pieces.ConvertAll(piece => piece.StartsWith(' ') ? piece : " " + piece);
        if (_split is not null)
            pieces = _split.Split(pieces, atStart);
        return pieces.ConvertAll(piece => ByteAlphabet.Spell(Encoding.UTF8.GetBytes(piece)));
    }
}

/// <summary>Before which pieces <c>Metaspace</c> puts a space (<c>prepend_scheme</c>).</summary>
internal enum MetaspacePrefix
{
    Always,

    /// <summary>Only at the beginning of the text, not behind an added token.</summary>
    First,
    Never,
}

/// <summary>
/// <c>Metaspace</c>: spaces become U+2581, which is also put in front unless the piece has it already; with
/// <paramref name="split"/> every space begins a piece.
/// </summary>
internal sealed class MetaspaceSplit(MetaspacePrefix prefix, bool split) : PreTokenizer
{
    public override List<string> Split(List<string> pieces, bool atStart)
    {
        var result = new List<string>();
        foreach (string piece in pieces)
        {
            string text = piece.Replace(' ', '\u2581');
            bool prepend =
                prefix == MetaspacePrefix.Always || (prefix == MetaspacePrefix.First && atStart && result.Count == 0);
            if (prepend && !text.StartsWith('\u2581'))
                text = "\u2581" + text;
            int start = 0;
            for (int i = 1; split && i < text.Length; i++)
            {
                if (text[i] != '\u2581')
                    continue;
                result.Add(text[start..i]);
                start = i;
            }
            result.Add(text[start..]);
        }
        return result;
    }
}
