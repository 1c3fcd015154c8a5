using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines;

/// <summary>Launches an engine. Pure: the same settings on the same machine give the same launch.</summary>
internal interface IEngineLauncher
{
    /// <summary>Whether <c>--model-path</c> is required.</summary>
    bool NeedsModelPath => true;

    /// <summary>
    /// The executable that <c>--backend-command</c> replaces; null for an engine that is not looked up by name.
    /// </summary>
    string? Executable => null;

    /// <summary>Keys of the settings that have an effect on this engine only.</summary>
    IReadOnlyList<string> OwnSettings => [];

    /// <summary>Remedy if the engine is not installed.</summary>
    string MissingRemedy { get; }

    /// <summary>
    /// Arguments of the engine that must not follow <c>--</c>: those that <see cref="Launch"/> makes of the model's
    /// path, host and port, and others that would undo them.
    /// </summary>
    IReadOnlyList<ReservedArgument> Reserved { get; }

    /// <summary>
    /// Whether the engine's parser takes the beginning of a long flag for the flag, as Python's argparse does
    /// (https://docs.python.org/3/library/argparse.html, allow_abbrev).
    /// </summary>
    bool AllowsAbbreviations => false;

    /// <summary>
    /// The flags that name the model for clients, this server's own first. After <c>--</c> they are the user's choice,
    /// which is read.
    /// </summary>
    IReadOnlyList<string> NameFlags => [];

    /// <summary>Whether the engine can listen on a Unix socket.</summary>
    bool HasSocket => false;

    /// <summary>Whether the engine can require a key.</summary>
    bool TakesKey => false;

    /// <summary>Routes, for a warning, that answer without its key; empty if there are none.</summary>
    IReadOnlyList<string> OpenRoutes => [];

    /// <summary>Whether the user's own arguments or variables give the engine a key.</summary>
    /// <param name="own">What follows <c>--</c>.</param>
    /// <param name="variables">The variables that the engine inherits.</param>
    bool IsKeyGiven(EngineCommandLine own, IReadOnlyDictionary<string, string> variables) => false;

    /// <summary>The command to start. Arguments after <c>--</c> come last, so that they override the others.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="endpoint">
    /// Where the engine is to listen; with a socket only if <see cref="HasSocket"/>, with keys only if
    /// <see cref="TakesKey"/>.
    /// </param>
    EngineLaunch Launch(ServeOptions options, MachineFacts machine, EngineEndpoint endpoint);

    /// <summary>
    /// Reads the model's files as far as that is quick. Called only if the model exists; not pure.
    /// </summary>
    /// <param name="options">Settings.</param>
    /// <param name="parts">The files that the engine loads, as its facts name them.</param>
    /// <returns>Why the engine can't load them, with the remedy; null if nothing speaks against it.</returns>
    string? FindModelProblem(ServeOptions options, IReadOnlyList<ModelPart> parts) => null;

    /// <summary>
    /// Whether the engine's arguments after <c>--</c> are all checked before a launch; else only the engine knows them.
    /// </summary>
    bool ChecksArguments => false;

    /// <summary>
    /// Whether a command is the engine's own program, which sees this machine's files. Another command may be a wrapper
    /// that runs the engine in a container.
    /// </summary>
    bool IsOwnProgram(string command) => Executable is { } own && IsNamed(command, own);

    /// <summary>Whether a command is a program or another version of it, and no script around it.</summary>
    /// <param name="command">The command.</param>
    /// <param name="program">The program's name.</param>
    static bool IsNamed(string command, string program) =>
        Path.GetFileName(command).StartsWith(program, StringComparison.Ordinal)
        && !command.EndsWith(".sh", StringComparison.Ordinal);

    /// <summary>
    /// Whether the engine sees the files of <see cref="EngineLaunch.Files"/>; else keys are given as arguments.
    /// </summary>
    bool SeesFiles(ServeOptions options) => options.BackendCommand is not { } command || IsOwnProgram(command);

    /// <summary>
    /// Whether an output line says that the engine is not installed although its executable was found.
    /// </summary>
    bool SaysItIsMissing(string line) => false;
}
