using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Tests.Engines;

/// <summary>Launches at the address of the settings.</summary>
internal static class Launches
{
    /// <summary>The launch over TCP and without keys.</summary>
    public static EngineLaunch Launch(this IEngineLauncher launcher, ServeOptions options, MachineFacts machine) =>
        launcher.Launch(options, machine, EngineEndpoint.Of(options));
}
