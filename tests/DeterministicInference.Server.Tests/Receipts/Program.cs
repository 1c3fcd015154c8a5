namespace DeterministicInference.Server.Tests.Receipts;

/// <summary>Programs of this machine.</summary>
internal static class Program
{
    public static bool Exists(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, name)));
}
