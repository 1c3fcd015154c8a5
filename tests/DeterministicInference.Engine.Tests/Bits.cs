using Xunit;

namespace DeterministicInference.Engine.Tests;

/// <summary>
/// Comparison of results bit by bit. Any NaN equals any other: the arithmetic does not fix their payloads.
/// </summary>
internal static class Bits
{
    public static void Equal(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string what)
    {
        int different = FirstDifference(expected, actual);
        if (different < 0)
            return;
        Assert.Fail(
            different >= Math.Min(expected.Length, actual.Length)
                ? $"{what}: {expected.Length} values expected, {actual.Length} found"
                : $"{what}[{different}]: {Show(expected[different])} expected, {Show(actual[different])} found"
        );
    }

    public static void Equal(float expected, float actual, string what) => Equal([expected], [actual], what);

    /// <summary>The index of the first value that differs, or −1.</summary>
    public static int FirstDifference(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        int common = Math.Min(expected.Length, actual.Length);
        for (int i = 0; i < common; i++)
        {
            if (!Same(expected[i], actual[i]))
                return i;
        }
        return expected.Length == actual.Length ? -1 : common;
    }

    private static bool Same(float a, float b) =>
        BitConverter.SingleToUInt32Bits(a) == BitConverter.SingleToUInt32Bits(b) || (float.IsNaN(a) && float.IsNaN(b));

    private static string Show(float value) => $"{value:R} ({BitConverter.SingleToUInt32Bits(value):x8})";
}
