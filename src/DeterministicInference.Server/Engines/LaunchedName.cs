using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Engines;

/// <summary>
/// The name that a launched engine serves its model under: the one in the user's arguments, else the settings'.
/// </summary>
internal static class LaunchedName
{
    /// <summary>The name; of several the first, by which engines answer.</summary>
    public static string Of(IEngineLauncher launcher, ServeOptions options) =>
        Given(launcher, options) ?? options.ModelName;

    /// <summary>This server's own argument; none where the user gives one.</summary>
    public static string[] Argument(IEngineLauncher launcher, ServeOptions options) =>
        Given(launcher, options) is null ? [launcher.NameFlags[0], options.ModelName] : [];

    private static string? Given(IEngineLauncher launcher, ServeOptions options) =>
        new EngineCommandLine(options.BackendArguments).Value([.. launcher.NameFlags]) is { Length: > 0 } name
            ? name
            : null;
}
