using System.CommandLine;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Cli;

/// <summary><c>serve</c>, which is also what the program does without a command: reads the settings and hands them on.</summary>
internal static class ServeCommand
{
    private static readonly IReadOnlyList<Option> Options = [.. SettingTable.All.Where(setting => setting != BackendArguments).SelectMany(OptionsOf), .. OwnOptions()];

    private static Setting BackendArguments => SettingTable.Of(nameof(InferenceOptions.BackendArguments));

    /// <summary>Every flag that a mistyped one may stand for.</summary>
    public static IEnumerable<string> Flags => Options.SelectMany(option => (IEnumerable<string>)[option.Name, .. option.Aliases]).Append("--help");

    /// <param name="serve">Runs the server until it is stopped; returns the exit code.</param>
    /// <param name="backends">What <c>--backend</c> may name.</param>
    public static Command Create(Func<InferenceOptions, CancellationToken, Task<int>> serve, IReadOnlyList<BackendChoice> backends)
    {
        var command = new Command("serve", "Launch an engine, or attach to one, and serve the OpenAI API in front of it (the default command).")
        {
            // All errors are found in one pass over the tokens, so that all can be reported.
            TreatUnmatchedTokensAsErrors = false,
        };
        AddOptionsTo(command);
        command.SetAction((parsed, cancellation) => RunAsync(parsed, serve, backends, cancellation));
        return command;
    }

    /// <summary>Names of the program's commands.</summary>
    public static IReadOnlyList<string> CommandsOf(ParseResult parsed) =>
        [.. parsed.RootCommandResult.Command.Subcommands.Where(command => !command.Hidden).Select(command => command.Name)];

    /// <summary>For the command, for the root command, whose help lists them too, and for others that take the same settings.</summary>
    public static void AddOptionsTo(Command command)
    {
        foreach (Option option in Options) command.Options.Add(option);
    }

    private static async Task<int> RunAsync(
        ParseResult parsed, Func<InferenceOptions, CancellationToken, Task<int>> serve, IReadOnlyList<BackendChoice> backends, CancellationToken cancellation)
    {
        ServeArguments arguments = ServeArguments.Read(parsed.Tokens, CommandsOf(parsed));
        ResolvedConfiguration configuration = ResolvedConfiguration.Read(arguments.Values, arguments.ConfigPath, EnvironmentVariables.OfProcess(), backends);
        IReadOnlyList<string> problems = arguments.NamesOtherCommand ? arguments.Problems : [.. arguments.Problems, .. configuration.Problems];
        if (arguments.PrintConfig) await Console.Out.WriteAsync(configuration.Print());
        foreach (string warning in configuration.Warnings) await Console.Error.WriteLineAsync($"warning: {OneLine.Of(warning)}");
        foreach (string problem in problems) await Console.Error.WriteLineAsync($"error: {OneLine.Of(problem)}");
        if (problems.Count > 0) return ExitCode.Usage;
        return arguments.PrintConfig ? ExitCode.Success : await CommandErrors.ReportAsync(() => serve(configuration.Options, cancellation), SettingTable.Of(nameof(InferenceOptions.ProxyPort)).Flag);
    }

    private static IEnumerable<Option> OptionsOf(Setting setting)
    {
        string fallback = setting.Write(new InferenceOptions()) is { } text ? $" Default: {text}." : "";
        yield return Tokens(setting.Flag, setting.Placeholder, setting.Meaning + fallback, setting.FlagAliases);
        if (setting.Shorthand is { } shorthand) yield return Switch(shorthand.Flag, $"The same as {setting.Flag} {shorthand.Text}.");
    }

    private static IEnumerable<Option> OwnOptions()
    {
        yield return Tokens(ConfigFile.Flag, "FILE", "JSON file of settings, which variables and flags override.", []);
        yield return Switch(ServeArguments.PrintConfigFlag, "Show every setting and where it came from, and end.");
    }

    // Any number of values: how many there must be is checked with everything else.
    private static Option<string[]> Tokens(string flag, string placeholder, string description, IReadOnlyList<string> aliases) =>
        new(flag, [.. aliases]) { HelpName = placeholder, Description = description, Arity = ArgumentArity.ZeroOrMore };

    private static Option<bool> Switch(string flag, string description) => new(flag) { Description = description, Arity = ArgumentArity.Zero };
}
