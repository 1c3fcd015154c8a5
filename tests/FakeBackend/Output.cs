namespace DeterministicInference.FakeBackend;

/// <summary>Lines on standard error, where SGLang logs.</summary>
internal static class Output
{
    public static void Log(string message) => Console.Error.WriteLine($"[{TimeProvider.System.GetLocalNow():yyyy-MM-dd HH:mm:ss}] {message}");

    public static void Flood(int lines)
    {
        for (int i = 1; i <= lines; i++) Log($"Decode batch, line {i} of {lines}, #running-req: 1, token usage: 0.00, gen throughput (token/s): 100.00");
    }
}
