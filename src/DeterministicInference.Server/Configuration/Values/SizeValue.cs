using System.Globalization;

namespace DeterministicInference.Server.Configuration.Values;

/// <summary>A number of bytes, at least 1: <c>1000000</c>, <c>512KiB</c>, <c>32MiB</c>, <c>1GiB</c>.</summary>
internal sealed class SizeValue : ValueKind<long>
{
    private static readonly (string Suffix, long Bytes)[] Units =
    [
        ("GiB", 1 << 30),
        ("MiB", 1 << 20),
        ("KiB", 1 << 10),
    ];

    public override string Placeholder => "BYTES";

    public override string? Read(string text, out long value)
    {
        ReadOnlySpan<char> digits = text.AsSpan().Trim();
        long unit = 1;
        foreach ((string suffix, long bytes) in Units)
        {
            if (!digits.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
                continue;
            digits = digits[..^suffix.Length].TrimEnd();
            unit = bytes;
            break;
        }
        bool good =
            long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value)
            && value >= 1
            && value <= long.MaxValue / unit;
        value *= good ? unit : 0;
        return good
            ? null
            : "is not a size. Give bytes, at least 1, or a whole number with a unit: 512KiB, 32MiB, 1GiB.";
    }

    public override string Write(long value)
    {
        foreach ((string suffix, long bytes) in Units)
        {
            if (value % bytes == 0)
                return string.Create(CultureInfo.InvariantCulture, $"{value / bytes}{suffix}");
        }
        return value.ToString(CultureInfo.InvariantCulture);
    }
}
