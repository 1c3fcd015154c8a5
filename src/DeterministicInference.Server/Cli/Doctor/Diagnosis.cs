using DeterministicInference.Server.Assessment;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Machine;
using DeterministicInference.Server.Supervision;
using Microsoft.Extensions.Logging.Abstractions;

namespace DeterministicInference.Server.Cli.Doctor;

/// <summary>What this machine, engine and configuration can promise.</summary>
/// <param name="Engine">The engine.</param>
/// <param name="Machine">The machine on which the engine runs.</param>
/// <param name="Command">Command line that launches the engine, without secrets; null for an attached engine.</param>
/// <param name="Address">Address of an attached engine; null for a launched one.</param>
/// <param name="Assessment">
/// The assessment that <c>serve</c> would make: of a launched engine before the launch, of an attached one including
/// what it reports.
/// </param>
/// <param name="Digests">
/// Digests that the embedded engine computed; null for other engines, and where it can't start.
/// </param>
internal sealed record Diagnosis(
    IEngineKind Engine,
    MachineFacts Machine,
    string? Command,
    string? Address,
    EngineAssessment Assessment,
    EmbeddedDigests? Digests = null
)
{
    /// <summary>Time within which an attached engine must pass a probe.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public bool CanStart => Assessment.Refusal is null;

    /// <summary>Whether no known reason speaks against determinism.</summary>
    public bool IsDeterministic => Assessment.Reasons.Count == 0;

    public int ExitCode =>
        !CanStart ? Server.ExitCode.Failure
        : IsDeterministic ? Server.ExitCode.Success
        : Server.ExitCode.BestEffort;

    /// <summary>
    /// Assesses everything except the digests. A launched engine is not started; an attached one is queried.
    /// </summary>
    /// <param name="engine">The kind of the engine that the settings name.</param>
    /// <param name="options">Settings.</param>
    /// <param name="keys">Keys of the settings.</param>
    /// <param name="machine">Facts about this machine.</param>
    /// <param name="cancellation">Cancels the queries.</param>
    public static async Task<Diagnosis> MakeAsync(
        IEngineKind engine,
        ServeOptions options,
        ServeKeys keys,
        MachineFacts machine,
        CancellationToken cancellation
    )
    {
        TimeProvider time = TimeProvider.System;
        var assessor = new EngineAssessor(engine, options, machine, time, NullLogger.Instance);
        if (options.BackendUrl is not { } url)
        {
            EngineLaunch launch = engine.Launcher!.Launch(
                options,
                machine,
                EngineEndpointChoice.Describe(engine.Launcher, options, keys, machine.Variables)
            );
            string command = SecretMask.Of(options, keys, machine.Variables).Apply(launch.Describe());
            return new Diagnosis(engine, machine, command, null, assessor.BeforeLaunch(launch));
        }
        EngineAssessment assessment = assessor.BeforeLaunch(null);
        using var calls = new EngineCalls(url, keys.Engine);
        ProbeProblem? problem = await new EngineProbe(engine.Health, calls, Patience, time).AskAsync(
            deep: false,
            cancellation
        );
        assessment = problem is null
            ? await assessor.WhenReadyAsync(assessment, calls, null, options.BackendStartupTimeout, cancellation)
            : assessment.With(EngineUnreachable.Of(url, problem));
        return new Diagnosis(engine, machine, null, EngineUrl.ToDisplay(url), assessment);
    }
}
