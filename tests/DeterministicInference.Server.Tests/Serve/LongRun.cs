namespace DeterministicInference.Server.Tests.Serve;

/// <summary>Tests that repeat something do it more often where DIS_LONG=1.</summary>
internal static class LongRun
{
    public static int Times(int usually, int atLength) => Environment.GetEnvironmentVariable("DIS_LONG") == "1" ? atLength : usually;
}
