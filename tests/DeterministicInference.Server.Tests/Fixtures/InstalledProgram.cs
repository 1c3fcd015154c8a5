namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>Programs of this machine.</summary>
internal static class InstalledProgram
{
    public static bool Exists(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':')
            .Any(folder => File.Exists(Path.Combine(folder, name)));
}
