using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Assessment;

/// <summary>Reads what an assessment needs to know of this machine.</summary>
internal static class EngineMachine
{
    /// <param name="engine">The engine.</param>
    /// <param name="options">Settings.</param>
    /// <param name="gpu">The GPUs according to NVML.</param>
    public static MachineFacts Read(IEngineKind engine, ServeOptions options, GpuEnvironment gpu)
    {
        IReadOnlyDictionary<string, string> variables = EnvironmentVariables.OfProcess();
        return MachineFactsReader.Read(
            options.ModelPath,
            engine.Determinism.TemplateIn(options, variables),
            gpu,
            ProgramOf(engine, options, variables)
        );
    }

    /// <summary>The Python environment of the engine; null for an attached one, and one without Python.</summary>
    public static EngineInstallation? InstallationOf(
        IEngineKind engine,
        ServeOptions options,
        IReadOnlyDictionary<string, string> variables
    ) =>
        ProgramOf(engine, options, variables) is { Module: { } module } program
            ? new PythonEnvironment(variables).Find(program.Command, module)
            : null;

    /// <summary>The program that runs the engine; null for an attached one, and one that is not looked up.</summary>
    private static EngineProgram? ProgramOf(
        IEngineKind engine,
        ServeOptions options,
        IReadOnlyDictionary<string, string> variables
    ) =>
        options.BackendUrl is null
        && engine.Launcher is { } launcher
        && (options.BackendCommand ?? launcher.Executable) is { } command
            ? new EngineProgram(
                command,
                engine.Facts.Packages?.Engine,
                // Of a program that is not there nothing is known.
                launcher.IsOwnProgram(command) && ExecutableLookup.Find(command, variables) is not null
            )
            : null;
}
