using System.Globalization;
using DeterministicInference.Engine;
using DeterministicInference.Engine.Arithmetic;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Embedded;

/// <summary>Launches the embedded engine: this program's <c>engine</c> command.</summary>
internal sealed class EmbeddedLauncher : IEngineLauncher
{
    public bool NeedsModelPath => false;

    public IReadOnlyList<string> OwnSettings { get; } = [nameof(ServeOptions.Instructions)];

    public bool HasSocket => true;

    public string MissingRemedy => "Leave --backend-command out to run this program's own engine.";

    public IReadOnlyList<ReservedArgument> Reserved { get; } =
    [
        new("--model-path", "--model-path"),
        new("--backend-host", "--host", "--uds"),
        new("--backend-port", "--port"),
        new("--seed", "--seed"),
        new("--max-request-bytes", "--max-request-bytes"),
        new(EmbeddedArguments.InstructionsFlag, EmbeddedArguments.InstructionsFlag),
    ];

    /// <summary>Another program may see other files.</summary>
    public string? FindModelProblem(ServeOptions options, IReadOnlyList<ModelPart> parts) =>
        options.BackendCommand is null
            ? EmbeddedEngine.FindProblem(new EmbeddedEngineOptions { ModelPath = options.ModelPath }.ModelFolder)
            : null;

    public bool ChecksArguments => true;

    public IReadOnlyList<string> NameFlags { get; } = ["--served-model-name"];

    public EngineLaunch Launch(ServeOptions options, MachineFacts machine, EngineEndpoint endpoint)
    {
        IReadOnlyList<string> program = options.BackendCommand is { } other ? [other] : OwnProgram.Command;
        return new EngineLaunch(
            program[0],
            [
                .. program.Skip(1),
                "engine",
                .. options.ModelPath is { } model ? (string[])["--model-path", model] : [],
                .. endpoint.SocketPath is { } socket
                    ? (string[])["--uds", socket]
                    : ["--host", endpoint.Host, "--port", endpoint.Port.ToString(CultureInfo.InvariantCulture)],
                .. LaunchedName.Argument(this, options),
                "--seed",
                // Where the server draws seeds, every request has one.
                (options.Seed.Number ?? 0).ToString(CultureInfo.InvariantCulture),
                "--max-request-bytes",
                options.MaxRequestBytes.ToString(CultureInfo.InvariantCulture),
                // Another program may be a version without the option.
                .. options.Instructions == InstructionSet.Auto
                    ? (string[])[]
                    : [EmbeddedArguments.InstructionsFlag, Instructions.NameOf(options.Instructions)],
                // The gateway's line of a request says more.
                .. options.BackendCommand is null
                && new EngineCommandLine(options.BackendArguments).Last(EmbeddedArguments.AccessLogFlag) is null
                    ? (string[])[EmbeddedArguments.AccessLogFlag, "false"]
                    : [],
                .. options.BackendArguments,
            ],
            new Dictionary<string, string>()
        );
    }
}
