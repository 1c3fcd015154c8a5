using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace DeterministicInference.Receipts.Log;

/// <summary>
/// Names a tile below the log's address as C2SP tlog-tiles does: <c>tile/LEVEL/INDEX</c> or <c>tile/entries/INDEX</c>,
/// followed by <c>.p/WIDTH</c> where it is not full. An index is written in groups of three digits, all but the last
/// after an <c>x</c>: 1234067 is <c>x001/x234/067</c>.
/// </summary>
/// <param name="Level">0 (leaf hashes) to 63, or <see cref="EntriesLevel"/>.</param>
/// <param name="Index">Position of the tile on its level.</param>
/// <param name="Width">Hashes or entries in it, 1 to <see cref="FullWidth"/>.</param>
internal readonly record struct TilePath(int Level, long Index, int Width)
{
    /// <summary>Hashes of a full tile.</summary>
    public const int FullWidth = 256;

    /// <summary>Levels of nodes between the hashes of a tile and the hash above it: 2^8 are 256.</summary>
    internal const int Height = 8;

    /// <summary>Stands for bundles of entries instead of hashes.</summary>
    public const int EntriesLevel = -1;

    /// <summary>Highest level of hashes that a path can name.</summary>
    public const int MaxLevel = 63;

    /// <summary>Levels of a tree that has a 64-bit size: a tile of level L holds hashes of 256^L leaves each.</summary>
    internal const int Levels = 8;

    private const string Prefix = "tile/",
        Entries = "entries",
        Partial = ".p/";

    /// <summary>Of a tree of this size, how many complete hashes level <paramref name="level"/> has.</summary>
    public static long HashesOn(int level, long size) => level < Levels ? size >> (8 * level) : 0;

    /// <summary>Of a tree of this size, how many hashes or entries the path's level has.</summary>
    public long HashesIn(long size) => Level == EntriesLevel ? size : HashesOn(Level, size);

    /// <summary>Reads a path; false for every spelling but the one that <see cref="ToString"/> gives.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out TilePath path)
    {
        path = default;
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal))
            return false;
        string rest = text[Prefix.Length..];
        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
            return false;
        int level = EntriesLevel;
        if (rest[..slash] != Entries && !TryNumber(rest[..slash], out level))
            return false;
        string name = rest[(slash + 1)..];
        int width = FullWidth,
            partial = name.IndexOf(Partial, StringComparison.Ordinal);
        if (partial >= 0)
        {
            if (!TryNumber(name[(partial + Partial.Length)..], out width) || width is 0 or >= FullWidth)
                return false;
            name = name[..partial];
        }
        string digits = name.Replace("/", "", StringComparison.Ordinal).Replace("x", "", StringComparison.Ordinal);
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long index))
            return false;
        path = new TilePath(level, index, width);
        return level <= MaxLevel && path.ToString() == text;
    }

    /// <summary>The path.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Prefix).Append(
            Level == EntriesLevel ? Entries : Level.ToString(CultureInfo.InvariantCulture)
        );
        string digits = Index.ToString(CultureInfo.InvariantCulture);
        digits = digits.PadLeft((digits.Length + 2) / 3 * 3, '0');
        for (int i = 0; i < digits.Length; i += 3)
            text.Append(i + 3 < digits.Length ? "/x" : "/").Append(digits, i, 3);
        return Width == FullWidth
            ? text.ToString()
            : text.Append(Partial).Append(Width.ToString(CultureInfo.InvariantCulture)).ToString();
    }

    private static bool TryNumber(string digits, out int number) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number)
        && number.ToString(CultureInfo.InvariantCulture) == digits;
}
