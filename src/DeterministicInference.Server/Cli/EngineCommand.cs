using System.CommandLine;
using DeterministicInference.Server.Engines.Embedded;

namespace DeterministicInference.Server.Cli;

/// <summary><c>engine</c>: serves the embedded engine alone.</summary>
internal static class EngineCommand
{
    public static Command Create()
    {
        var arguments = new EmbeddedArguments();
        var command = new CliCommand(
            EmbeddedArguments.CommandName,
            "Serve the embedded CPU engine alone",
            "Serve the embedded CPU engine over HTTP, without the gateway.",
            ("engine --model-path FOLDER --port 30000", "A model of your own.")
        );
        foreach (Option option in arguments.Options)
            command.Options.Add(option);
        command.SetAction(
            (parsed, cancellation) =>
                CommandErrors.ReportAsync(() => EmbeddedServer.RunAsync(arguments.Read(parsed), cancellation))
        );
        return command;
    }
}
