using System.Globalization;

namespace DeterministicInference.Server.Tests.EndToEnd.Fuzz;

/// <summary>How many inputs are tried: few in every test run, more where a variable says so.</summary>
internal static class FuzzSize
{
    /// <summary>Inputs to parsers; <c>DIS_FUZZ_INPUTS</c>.</summary>
    public static int Inputs => Read("DIS_FUZZ_INPUTS", 100_000);

    /// <summary>Requests through sockets; <c>DIS_FUZZ_REQUESTS</c>.</summary>
    public static int Requests => Read("DIS_FUZZ_REQUESTS", 500);

    private static int Read(string variable, int usual) =>
        int.TryParse(
            Environment.GetEnvironmentVariable(variable),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out int count
        )
            ? count
            : usual;
}
