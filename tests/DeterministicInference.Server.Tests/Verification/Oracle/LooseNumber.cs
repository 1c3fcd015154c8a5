using System.Globalization;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>Numbers as programs hold them.</summary>
internal static class LooseNumber
{
    public static bool TryRead(string literal, out double value) =>
        double.TryParse(literal, NumberStyles.Float, CultureInfo.InvariantCulture, out value);

    public static string Write(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
