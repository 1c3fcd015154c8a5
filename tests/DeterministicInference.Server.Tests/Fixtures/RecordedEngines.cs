namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>What was recorded of real engines; it lies beside the repository and not in it.</summary>
internal static class RecordedEngines
{
    /// <summary>The folder, which may be missing; <c>DIS_ENGINE_RECORDINGS</c> names another one.</summary>
    public static string Folder { get; } =
        Environment.GetEnvironmentVariable("DIS_ENGINE_RECORDINGS") is { Length: > 0 } named
            ? named
            : Path.Combine(Documentation.RepositoryFiles.Root, "..", "shared", "engines");
}
