using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using DeterministicInference.Receipts;
using DeterministicInference.Server.Cli.Doctor;
using DeterministicInference.Server.Cli.Help;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;

namespace DeterministicInference.Server.Cli;

/// <summary>The command line.</summary>
internal static class RootCommandLine
{
    /// <summary>The command's name where it is installed.</summary>
    public const string Program = "deterministic-inference-server";

    private static readonly string[] VersionWords = ["version", "--version", "-V"];

    /// <param name="args">The arguments of the process.</param>
    /// <param name="engines">The engines that <c>--backend</c> can name.</param>
    /// <param name="serve">Runs the server until it is stopped; returns the exit code.</param>
    /// <returns>The exit code.</returns>
    public static Task<int> RunAsync(
        string[] args,
        EngineRegistry engines,
        Func<IEngineKind, ResolvedConfiguration, CancellationToken, Task<int>> serve
    ) => CommandErrors.ReportAsync(() => RunNamedAsync(args, engines, serve));

    private static async Task<int> RunNamedAsync(
        string[] args,
        EngineRegistry engines,
        Func<IEngineKind, ResolvedConfiguration, CancellationToken, Task<int>> serve
    )
    {
        RootCommand root = Create(engines, serve);
        if (args is [var word] && VersionWords.Contains(word))
        {
            await Console.Out.WriteLineAsync($"{Program} {ProductVersion.Text}");
            return ExitCode.Success;
        }
        if (HelpRequest.Find(root, args) is { } help)
            return await ShowAsync(root, help);

        string[] named = NamesCommand(root, args) ? args : ["serve", .. args];
        ParseResult parsed = root.Parse(named, CommandSyntax.Plain);
        string[] problems = [.. Problems(parsed, named)];
        foreach (string problem in problems)
            await Console.Error.WriteLineAsync($"error: {OneLine.Of(problem)}");
        if (problems.Length > 0)
            return ExitCode.Usage;
        // The host handles signals: System.CommandLine's default would end the process two seconds after SIGTERM
        // (InvocationConfiguration.ProcessTerminationTimeout).
        return await parsed.InvokeAsync(
            new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false }
        );
    }

    private static RootCommand Create(
        EngineRegistry engines,
        Func<IEngineKind, ResolvedConfiguration, CancellationToken, Task<int>> serve
    )
    {
        var root = new RootCommand(
            "An OpenAI-compatible gateway in front of an inference engine. It makes answers repeat as far as the "
                + "engine can, and gives each a receipt that anyone can check."
        )
        {
            ServeCommand.Create(
                (configuration, stop) => serve(engines.Of(configuration.Options), configuration, stop),
                engines
            ),
            AskCommand.Create(),
            VerifyCommand.Create(),
            DoctorCommand.Create(engines),
            ReceiptsCommand.Create(),
            WitnessCommand.Create(),
            EngineCommand.Create(),
            CompletionCommand.Create(Program),
        };
        ServeCommand.AddOptionsTo(root, engines.Choices);
        // The parser's own help has the aliases /h and /?, and here a path may be /h.
        root.Options.Remove(root.Options.OfType<HelpOption>().Single());
        root.Options.Add(new HelpOption(HelpRequest.Flags[0], [.. HelpRequest.Flags.Skip(1)]));
        return root;
    }

    private static async Task<int> ShowAsync(RootCommand root, HelpRequest help)
    {
        if (help.Unknown is { } word)
        {
            string[] commands = [.. root.Subcommands.Select(command => command.Name)];
            await Console.Error.WriteLineAsync(
                $"error: help: '{OneLine.Of(word)}' is no command.{NearestName.Hint(word, commands)} Commands are "
                    + $"{string.Join(", ", commands)}."
            );
            return ExitCode.Usage;
        }
        await Console.Out.WriteAsync(new HelpText(root, Program).Write(help.Path, help.IsAll));
        return ExitCode.Success;
    }

    private static IEnumerable<string> Problems(ParseResult parsed, string[] args)
    {
        Command command = parsed.CommandResult.Command;
        // serve and doctor find all errors themselves, also those of values.
        if (!command.TreatUnmatchedTokensAsErrors)
            return parsed.Errors.Select(error => error.Message);
        if (command is RootCommand)
            return parsed.Errors.Select(error => error.Message);
        int words = 0;
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult { Command: not RootCommand }; at = at.Parent)
            words++;
        return CommandLineProblems.Find(parsed, args.Skip(words));
    }

    /// <summary>Whether the arguments begin with a command or a directive.</summary>
    private static bool NamesCommand(RootCommand root, string[] args) =>
        args is [string first, ..] && (root.Subcommands.Any(command => command.Name == first) || first.StartsWith('['));
}
