using System.CommandLine;
using DeterministicInference.Receipts;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Cli;

/// <summary><c>serve</c>, also the default command: reads the settings and passes them on.</summary>
internal static class ServeCommand
{
    private static Setting BackendArguments => SettingTable.Of(nameof(ServeOptions.BackendArguments));

    /// <summary>All flags, as suggestions for mistyped ones.</summary>
    public static IEnumerable<string> Flags =>
        Options([]).SelectMany(option => (IEnumerable<string>)[option.Name, .. option.Aliases]).Append("--help");

    /// <param name="serve">
    /// Runs the server with settings without problems until it is stopped; returns the exit code.
    /// </param>
    /// <param name="engines">The engines that <c>--backend</c> may name; the first one is the default.</param>
    public static Command Create(
        Func<ResolvedConfiguration, CancellationToken, Task<int>> serve,
        IReadOnlyList<EngineChoice> engines
    )
    {
        var command = new Command(
            "serve",
            "Launch an engine, or attach to one, and serve the OpenAI API in front of it (the default command)."
        )
        {
            // Errors are found in one pass over the tokens, so that all are reported.
            TreatUnmatchedTokensAsErrors = false,
        };
        AddOptionsTo(command, engines);
        command.SetAction((parsed, cancellation) => RunAsync(parsed, serve, engines, cancellation));
        return command;
    }

    /// <summary>Names of the program's commands.</summary>
    public static IReadOnlyList<string> CommandsOf(ParseResult parsed) =>
        [
            .. parsed
                .RootCommandResult.Command.Subcommands.Where(command => !command.Hidden)
                .Select(command => command.Name),
        ];

    /// <summary>
    /// Adds the options to the command, to the root command, whose help lists them too, and to other commands with the
    /// same settings.
    /// </summary>
    /// <param name="command">The command.</param>
    /// <param name="engines">The engines that <c>--backend</c> may name; the first one is the default.</param>
    /// <param name="defaults">Defaults, by the settings' keys, that are not those of <c>serve</c>.</param>
    public static void AddOptionsTo(
        Command command,
        IReadOnlyList<EngineChoice> engines,
        IReadOnlyDictionary<string, string>? defaults = null
    )
    {
        foreach (Option option in Options(engines, defaults))
            command.Options.Add(option);
    }

    private static async Task<int> RunAsync(
        ParseResult parsed,
        Func<ResolvedConfiguration, CancellationToken, Task<int>> serve,
        IReadOnlyList<EngineChoice> engines,
        CancellationToken cancellation
    )
    {
        ServeArguments arguments = ServeArguments.Read(parsed.Tokens, CommandsOf(parsed));
        ResolvedConfiguration configuration = ResolvedConfiguration.Read(
            arguments.Values,
            arguments.ConfigPath,
            EnvironmentVariables.OfProcess(),
            engines,
            arguments.HasUnknownFlag
        );
        IReadOnlyList<string> problems = arguments.NamesOtherCommand
            ? arguments.Problems
            : [.. arguments.Problems, .. configuration.Problems];
        if (arguments.PrintConfig)
            await Console.Out.WriteAsync(configuration.Print());
        foreach (string warning in configuration.Warnings)
            await Console.Error.WriteLineAsync($"warning: {OneLine.Of(warning)}");
        foreach (string problem in problems)
            await Console.Error.WriteLineAsync($"error: {OneLine.Of(problem)}");
        if (problems.Count > 0)
            return ExitCode.Usage;
        return arguments.PrintConfig
            ? ExitCode.Success
            : await CommandErrors.ReportAsync(
                () => serve(configuration, cancellation),
                SettingTable.Of(nameof(ServeOptions.ProxyPort)).Flag
            );
    }

    private static IEnumerable<Option> Options(
        IReadOnlyList<EngineChoice> engines,
        IReadOnlyDictionary<string, string>? defaults = null
    ) =>
        [
            .. SettingTable
                .All.Where(setting => setting != BackendArguments)
                .SelectMany(setting => OptionsOf(setting, engines, defaults?.GetValueOrDefault(setting.Key))),
            .. OwnOptions(),
        ];

    private static IEnumerable<Option> OptionsOf(
        Setting setting,
        IReadOnlyList<EngineChoice> engines,
        string? ownDefault
    )
    {
        string meaning = setting.Meaning + setting.Engines?.Invoke(engines),
            fallback = (ownDefault ?? setting.Write(ServeOptions.DefaultsWith(engines))) is { } text
                ? $" Default: {text}."
                : "";
        yield return Tokens(setting.Flag, setting.Placeholder, meaning + fallback, setting.FlagAliases);
        if (setting.Shorthand is { } shorthand)
            yield return Switch(shorthand.Flag, $"The same as {setting.Flag} {shorthand.Text}.");
    }

    private static IEnumerable<Option> OwnOptions()
    {
        yield return Tokens(ConfigFile.Flag, "FILE", "JSON file of settings, which variables and flags override.", []);
        yield return Switch(ServeArguments.PrintConfigFlag, "Show every setting and where it comes from, then exit.");
    }

    // Accepts any number of values: the count is checked with everything else.
    private static Option<string[]> Tokens(
        string flag,
        string placeholder,
        string description,
        IReadOnlyList<string> aliases
    ) =>
        new(flag, [.. aliases])
        {
            HelpName = placeholder,
            Description = description,
            Arity = ArgumentArity.ZeroOrMore,
        };

    private static Option<bool> Switch(string flag, string description) =>
        new(flag) { Description = description, Arity = ArgumentArity.Zero };
}
