using System.CommandLine;
using DeterministicInference.Receipts;
using DeterministicInference.Server.Assessment;
using DeterministicInference.Server.Cli.Doctor;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Machine;
using DeterministicInference.Server.Supervision;

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
    /// <param name="engines">The engines that <c>--backend</c> may name.</param>
    public static Command Create(
        Func<ResolvedConfiguration, CancellationToken, Task<int>> serve,
        EngineRegistry engines
    )
    {
        var command = new CliCommand(
            "serve",
            "Start an engine and serve the API (the default)",
            "Launch an engine, or attach to one, and serve the OpenAI API in front of it (the default command).",
            ("--backend embedded", "The bundled model on the CPU: no GPU, no download."),
            ("--model-path qwen/qwen2.5-0.5b-instruct", "SGLang with a model of the hub."),
            ("--backend vllm --model-path /models/llama -- --tensor-parallel-size 2", "vLLM, on two GPUs."),
            ("--backend vllm --backend-url http://127.0.0.1:8000", "Attach to a vLLM that is running."),
            ("--config server.json --check", "Would the server start with this file?")
        )
        {
            // Errors are found in one pass over the tokens, so that all are reported.
            TreatUnmatchedTokensAsErrors = false,
        };
        AddOptionsTo(command, engines.Choices);
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
        EngineRegistry engines,
        CancellationToken cancellation
    )
    {
        ServeArguments arguments = ServeArguments.Read(parsed.Tokens, CommandsOf(parsed));
        ResolvedConfiguration configuration = ResolvedConfiguration.Read(
            arguments.Values,
            arguments.ConfigPath,
            EnvironmentVariables.OfProcess(),
            engines.Choices,
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
        if (arguments.PrintConfig && !arguments.Check)
            return ExitCode.Success;
        return await CommandErrors.ReportAsync(
            () =>
                arguments.Check
                    ? CheckAsync(engines.Of(configuration.Options), configuration, cancellation)
                    : serve(configuration, cancellation),
            SettingTable.Of(nameof(ServeOptions.ProxyPort)).Flag
        );
    }

    private static async Task<int> CheckAsync(
        IEngineKind engine,
        ResolvedConfiguration configuration,
        CancellationToken cancellation
    )
    {
        ServeOptions options = configuration.Options;
        Diagnosis diagnosis = await Diagnosis.MakeAsync(
            engine,
            options,
            configuration.Keys,
            EngineMachine.Read(engine, options, GpuEnvironment.Collect()),
            cancellation
        );
        var check = new StartCheck(options, TimeProvider.System);
        StartException.ThrowIfAny([
            .. check.FindProblems(),
            .. await check.FindProblemsAsync(diagnosis.Assessment, cancellation),
        ]);
        await Console.Out.WriteLineAsync(
            $"The server would start: {diagnosis.Command ?? $"attached to {diagnosis.Address}"}"
        );
        foreach (PendingCheck open in diagnosis.Assessment.Pending.Where(pending => pending.Codes.Count == 0))
            await Console.Out.WriteLineAsync($"Only the start shows {open.Question}.");
        await Console.Out.WriteLineAsync($"Its answers would be {DiagnosisText.Verdict(diagnosis)}.");
        return ExitCode.Success;
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
        string engineText = setting.Engines?.Invoke(engines) ?? "";
        string? fallback = ownDefault ?? setting.Write(ServeOptions.DefaultsWith(engines));
        IReadOnlyList<string> values =
            setting.Key == nameof(ServeOptions.Backend) ? [.. engines.Select(engine => engine.Name)] : setting.Choices;
        yield return new SettingOption(setting, engineText, fallback, values);
        if (setting.Shorthand is { } shorthand)
            yield return Switch(shorthand.Flag, $"The same as {setting.Flag} {shorthand.Text}.");
    }

    private static IEnumerable<Option> OwnOptions()
    {
        yield return new Option<string[]>(ConfigFile.Flag)
        {
            HelpName = "FILE",
            Description = "JSON file of settings, which flags override.",
            // As of a setting: the count is checked with everything else.
            Arity = ArgumentArity.ZeroOrMore,
        };
        yield return Switch(ServeArguments.CheckFlag, "Say whether it would start; start nothing.");
        yield return Switch(ServeArguments.PrintConfigFlag, "Show every setting and where it comes from.");
    }

    private static Option<bool> Switch(string flag, string description) =>
        new(flag) { Description = description, Arity = ArgumentArity.Zero };
}
