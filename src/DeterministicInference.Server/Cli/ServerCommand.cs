using System.CommandLine;
using DeterministicInference.Server.Cli.Doctor;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Cli;

/// <summary>The command line.</summary>
internal static class ServerCommand
{
    // No response files: a value may begin with @. No bundles: there are no one-letter options.
    internal static readonly ParserConfiguration Plain = new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };

    /// <param name="args">The arguments of the process.</param>
    /// <param name="serve">Runs the server until it is stopped; returns the exit code.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args, Func<InferenceOptions, CancellationToken, Task<int>> serve)
    {
        var root = new RootCommand("OpenAI-compatible inference whose answers repeat bit for bit. Without a command: serve. Arguments after -- go to the engine.")
        {
            ServeCommand.Create(serve, BackendChoice.Known),
            EngineCommand.Create(),
            DoctorCommand.Create(BackendChoice.Known),
            VerifyCommand.Create(),
            ReceiptsCommand.Create(),
        };
        ServeCommand.AddOptionsTo(root);
        ParseResult parsed = root.Parse(NamesCommand(root, args) ? args : ["serve", .. args], Plain);
        if (parsed.Errors.Count > 0)
        {
            foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors) await Console.Error.WriteLineAsync($"error: {error.Message}");
            await Console.Error.WriteLineAsync("Run with --help for the commands and their settings.");
            return ExitCode.Usage;
        }
        // The host owns the signals: the default would end the process two seconds after SIGTERM.
        return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false });
    }

    /// <summary>Whether the arguments begin with a command, or ask the program about itself.</summary>
    private static bool NamesCommand(RootCommand root, string[] args) => args is [string first, ..]
        && (root.Subcommands.Any(command => command.Name == first) || first is "--help" or "-h" or "-?" or "/h" or "/?" or "--version" || first.StartsWith('['));
}
