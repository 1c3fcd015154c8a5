using System.CommandLine;
using DeterministicInference.Server.Engines.Embedded;

namespace DeterministicInference.Server.Cli;

/// <summary><c>engine</c>: serves the embedded engine alone.</summary>
internal static class EngineCommand
{
    public static Command Create()
    {
        var arguments = new EmbeddedArguments();
        arguments.Command.SetAction(
            (parsed, cancellation) =>
                CommandErrors.ReportAsync(() => EmbeddedServer.RunAsync(arguments.Read(parsed), cancellation))
        );
        return arguments.Command;
    }
}
