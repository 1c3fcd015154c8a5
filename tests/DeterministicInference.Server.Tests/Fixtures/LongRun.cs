namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>Tests with repetitions repeat more often with DIS_LONG=1.</summary>
internal static class LongRun
{
    public static int Times(int usually, int atLength) =>
        Environment.GetEnvironmentVariable("DIS_LONG") == "1" ? atLength : usually;
}
