using System.Globalization;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Acme;

/// <summary>How Acme Serve is launched.</summary>
internal sealed class AcmeLauncher : IEngineLauncher
{
    public string Executable => "acme-serve";

    public string MissingRemedy => "Install Acme Serve 2, or name its program with --backend-command.";

    /// <summary>What the server itself tells Acme Serve.</summary>
    public IReadOnlyList<ReservedArgument> Reserved { get; } =
    [
        new("--model-path", "--model"),
        new("--served-model-name", "--name"),
        new("--backend-host and --backend-port", "--bind"),
    ];

    public EngineLaunch Launch(ServeOptions options, MachineFacts machine, EngineEndpoint endpoint) =>
        new(
            options.BackendCommand ?? Executable,
            [
                "--model",
                options.ModelPath!,
                "--name",
                options.ModelName,
                "--bind",
                endpoint.Host + ":" + endpoint.Port.ToString(CultureInfo.InvariantCulture),
                .. options.Enforces ? (string[])["--fixed-order"] : [],
                // What follows -- has the last word, except for what is reserved.
                .. options.BackendArguments,
            ],
            new Dictionary<string, string> { ["ACME_TELEMETRY"] = "off" }
        );
}
