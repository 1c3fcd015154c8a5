using System.Globalization;
using System.Text.RegularExpressions;

namespace DeterministicInference.Server.Engines.Evidence;

/// <summary>
/// The version of an engine's release, compared as Python's packaging does, without epochs and local parts
/// (https://packaging.python.org/en/latest/specifications/version-specifiers).
/// </summary>
internal readonly partial record struct ReleaseVersion : IComparable<ReleaseVersion>
{
    /// <summary>Numbers of a version; further ones are ignored.</summary>
    private const int Most = 4;

    private readonly long _numbers;
    private readonly int _stage,
        _step;

    private ReleaseVersion(long numbers, int stage, int step) => (_numbers, _stage, _step) = (numbers, stage, step);

    /// <returns>Null for a text that is no version, and for versions of builds between releases (0.0.0).</returns>
    public static ReleaseVersion? Parse(string? text)
    {
        if (text is null || Form().Match(text) is not { Success: true } match)
            return null;
        long numbers = 0;
        string[] parts = match.Groups["numbers"].Value.Split('.');
        for (int i = 0; i < Most; i++)
        {
            int part = 0;
            if (i < parts.Length && !int.TryParse(parts[i], CultureInfo.InvariantCulture, out part))
                return null;
            numbers = (numbers << 16) | (uint)Math.Min(part, ushort.MaxValue);
        }
        int stage = match.Groups["stage"].Value switch
        {
            "dev" => -4,
            "a" => -3,
            "b" => -2,
            "rc" => -1,
            "post" => 1,
            _ => 0,
        };
        _ = int.TryParse(match.Groups["step"].Value, CultureInfo.InvariantCulture, out int step);
        return numbers == 0 ? null : new ReleaseVersion(numbers, stage, step);
    }

    public int CompareTo(ReleaseVersion other) =>
        (_numbers, _stage, _step).CompareTo((other._numbers, other._stage, other._step));

    public static bool operator <(ReleaseVersion a, ReleaseVersion b) => a.CompareTo(b) < 0;

    public static bool operator >(ReleaseVersion a, ReleaseVersion b) => a.CompareTo(b) > 0;

    public static bool operator <=(ReleaseVersion a, ReleaseVersion b) => a.CompareTo(b) <= 0;

    public static bool operator >=(ReleaseVersion a, ReleaseVersion b) => a.CompareTo(b) >= 0;

    [GeneratedRegex(@"^v?(?<numbers>\d+(?:\.\d+)*)(?:[.-]?(?<stage>dev|rc|post|a|b)[.-]?(?<step>\d*))?(?:[.+-].*)?$")]
    private static partial Regex Form();
}
