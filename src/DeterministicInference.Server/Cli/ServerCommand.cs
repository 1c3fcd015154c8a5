using System.CommandLine;

namespace DeterministicInference.Server.Cli;

/// <summary>The command line.</summary>
internal static class ServerCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("OpenAI-compatible inference whose answers repeat bit for bit.")
        {
            EngineCommand.Create(),
            DoctorCommand.Create(),
        };
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors) await Console.Error.WriteLineAsync($"error: {error.Message}");
            await Console.Error.WriteLineAsync("Run with --help for the commands and their settings.");
            return ExitCode.Usage;
        }
        // The host owns the signals: the default would end the process two seconds after SIGTERM.
        return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false });
    }
}
