using System.Globalization;

namespace DeterministicInference.Server.Configuration.Values;

/// <summary>
/// A time span: seconds (<c>300</c>, <c>1.5</c>), or a number with a unit (<c>250ms</c>, <c>30s</c>, <c>5m</c>,
/// <c>1h</c>).
/// </summary>
/// <param name="allowsZero">Whether 0 is allowed.</param>
/// <param name="allowsOff">Whether <c>off</c> is allowed, which is <see cref="Timeout.InfiniteTimeSpan"/>.</param>
/// <param name="longestHours">
/// Upper limit. Timers count milliseconds in 32 bits, and two settings may be added: 24 days leave room for both. A
/// larger limit is for values without a timer only.
/// </param>
internal sealed class DurationValue(bool allowsZero, bool allowsOff = false, int longestHours = 576)
    : ValueKind<TimeSpan>
{
    private const string Off = "off";

    // "ms" before "s": the first suffix that matches counts.
    private static readonly (string Suffix, long Ticks)[] Units =
    [
        ("ms", TimeSpan.TicksPerMillisecond),
        ("s", TimeSpan.TicksPerSecond),
        ("m", TimeSpan.TicksPerMinute),
        ("h", TimeSpan.TicksPerHour),
        ("d", TimeSpan.TicksPerDay),
    ];

    public override string Placeholder => allowsOff ? "DURATION|off" : "DURATION";

    public override string? Read(string text, out TimeSpan value)
    {
        value = Timeout.InfiniteTimeSpan;
        if (allowsOff && text.AsSpan().Trim().Equals(Off, StringComparison.OrdinalIgnoreCase))
            return null;
        ReadOnlySpan<char> digits = text.AsSpan().Trim();
        long unit = TimeSpan.TicksPerSecond;
        foreach ((string suffix, long ticks) in Units)
        {
            if (!digits.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
                continue;
            digits = digits[..^suffix.Length].TrimEnd();
            unit = ticks;
            break;
        }
        if (!decimal.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number))
        {
            string off = allowsOff ? "; or off" : "";
            return $"is not a duration. Give seconds, or a number with a unit: 250ms, 30s, 5m, 1h{off}.";
        }
        // Compared before the multiplication, as that could overflow.
        if (number > longestHours * TimeSpan.TicksPerHour / unit)
            return $"is too long. Give at most {longestHours}h.";
        value = TimeSpan.FromTicks((long)(number * unit));
        return value == TimeSpan.Zero && !allowsZero ? $"must be greater than 0{(allowsOff ? ", or off" : "")}." : null;
    }

    public override string Write(TimeSpan value) =>
        value == Timeout.InfiniteTimeSpan ? Off
        : value.Ticks % TimeSpan.TicksPerSecond == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{value.Ticks / TimeSpan.TicksPerSecond}s")
        : string.Create(CultureInfo.InvariantCulture, $"{(decimal)value.Ticks / TimeSpan.TicksPerMillisecond}ms");
}
