using System.Text.Json;
using DeterministicInference.Server.Assessment;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Tests.Engines;

/// <summary>Findings from settings, machine and report, without reading files or querying an engine.</summary>
internal static class Checks
{
    /// <param name="engine">The engine.</param>
    /// <param name="options">Settings.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="report">Report of an attached engine about its start.</param>
    public static IReadOnlyList<Finding> Of(
        IEngineKind engine,
        ServeOptions options,
        MachineFacts machine,
        JsonElement? report = null
    ) => [.. EngineChecks.BeforeLaunch(engine, options, machine), .. EngineChecks.OfReport(engine, options, report)];
}
