using System.Globalization;
using System.Numerics;

namespace DeterministicInference.Server.Configuration.Values;

/// <summary>A whole number within an inclusive range.</summary>
internal sealed class WholeNumberValue<T>(string placeholder, T minimum, T maximum) : ValueKind<T>
    where T : IBinaryInteger<T>
{
    private const NumberStyles Style =
        NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite;

    public override string Placeholder => placeholder;

    public override string? Read(string text, out T value) =>
        T.TryParse(text, Style, CultureInfo.InvariantCulture, out value!) && value >= minimum && value <= maximum
            ? null
            : $"is not a whole number from {minimum} to {maximum}.";

    public override string Write(T value) => value.ToString(null, CultureInfo.InvariantCulture);
}
