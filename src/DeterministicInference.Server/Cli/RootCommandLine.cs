using System.CommandLine;
using DeterministicInference.Server.Cli.Doctor;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;

namespace DeterministicInference.Server.Cli;

/// <summary>The command line.</summary>
internal static class RootCommandLine
{
    /// <param name="args">The arguments of the process.</param>
    /// <param name="engines">The engines that <c>--backend</c> can name.</param>
    /// <param name="serve">Runs the server until it is stopped; returns the exit code.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(
        string[] args,
        EngineRegistry engines,
        Func<IEngineKind, ResolvedConfiguration, CancellationToken, Task<int>> serve
    )
    {
        var root = new RootCommand(
            "OpenAI-compatible inference whose answers repeat bit for bit. The default command is serve. "
                + "Arguments after -- go to the engine."
        )
        {
            ServeCommand.Create(
                (configuration, stop) => serve(engines.Of(configuration.Options), configuration, stop),
                engines.Choices
            ),
            EngineCommand.Create(),
            DoctorCommand.Create(engines),
            AskCommand.Create(),
            VerifyCommand.Create(),
            ReceiptsCommand.Create(),
            WitnessCommand.Create(),
        };
        ServeCommand.AddOptionsTo(root, engines.Choices);
        ParseResult parsed = root.Parse(NamesCommand(root, args) ? args : ["serve", .. args], CommandSyntax.Plain);
        if (parsed.Errors.Count > 0)
        {
            foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors)
                await Console.Error.WriteLineAsync($"error: {error.Message}");
            await Console.Error.WriteLineAsync("Run with --help for the commands and their settings.");
            return ExitCode.Usage;
        }
        // The host handles signals: System.CommandLine's default would end the process two seconds after SIGTERM
        // (InvocationConfiguration.ProcessTerminationTimeout).
        return await parsed.InvokeAsync(
            new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false }
        );
    }

    /// <summary>Whether the arguments begin with a command, a directive, --help or --version.</summary>
    private static bool NamesCommand(RootCommand root, string[] args) =>
        args is [string first, ..]
        && (
            root.Subcommands.Any(command => command.Name == first)
            || first is "--help" or "-h" or "-?" or "/h" or "/?" or "--version"
            || first.StartsWith('[')
        );
}
