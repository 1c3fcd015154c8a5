using System.CommandLine;
using System.CommandLine.Parsing;
using DeterministicInference.Engine.Model;
using DeterministicInference.Receipts;
using DeterministicInference.Server.Assessment;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.Embedded;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Cli.Doctor;

/// <summary>
/// <c>doctor</c>: reports what <c>serve</c> with the same settings could promise on this machine, without starting
/// anything. For the embedded engine, the default if no setting names another, it also computes a fixed workload.
/// </summary>
internal static class DoctorCommand
{
    private static readonly EmbeddedEngineOptions Default = new();

    private static readonly Option<int> Threads = CommandSyntax.Number(
        "--threads",
        "Embedded engine: threads that compute.",
        Default.Threads,
        1,
        512
    );
    private static readonly Option<int> PrefillChunk = CommandSyntax.Number(
        "--prefill-chunk",
        "Embedded engine: prompt tokens computed per step.",
        Default.PrefillChunk,
        1,
        65536
    );
    private static readonly Option<int> Beside = CommandSyntax.Number(
        "--beside",
        "Embedded engine: other sequences generated at the same time.",
        0,
        0,
        64
    );
    private static readonly Option<bool> Json = new("--json")
    {
        Description = "Print one JSON object instead of lines.",
        Arity = ArgumentArity.Zero,
    };

    private static readonly Option<bool> Table = new("--table")
    {
        Description = "Print what is known of configurations of all engines, with sources; what applies is marked.",
        Arity = ArgumentArity.Zero,
    };

    private static readonly string[] OfServe = [ServeArguments.PrintConfigFlag, ServeArguments.CheckFlag];

    private static readonly Option[] OfWorkload = [Threads, PrefillChunk, Beside];

    /// <summary>Settings that select an engine.</summary>
    private static readonly string[] NamesEngine =
    [
        nameof(ServeOptions.Backend),
        nameof(ServeOptions.ModelPath),
        nameof(ServeOptions.BackendUrl),
        nameof(ServeOptions.BackendCommand),
        nameof(ServeOptions.BackendArguments),
    ];

    /// <param name="engines">The engines that <c>--backend</c> can name.</param>
    public static Command Create(EngineRegistry engines)
    {
        var command = new CliCommand(
            "doctor",
            "Say what machine, engine and settings can promise",
            "Report what this machine, engine and configuration can promise; with the embedded engine, also "
                + "compute digests that must be equal on every machine. It judges the engine; it looks neither at "
                + "ports nor at the data folder, which a running server with the same settings holds.",
            ("doctor --model-path qwen/qwen2.5-0.5b-instruct", "Would SGLang be deterministic here, and why not?"),
            ("doctor", "Digests of the embedded engine, which are the same on every machine."),
            ("doctor --instructions scalar --threads 1 --beside 8", "The same digests, computed otherwise.")
        )
        {
            // As in serve, all errors are reported at once.
            TreatUnmatchedTokensAsErrors = false,
        };
        foreach (Option option in (Option[])[.. OfWorkload, Json, Table])
            command.Options.Add(option);
        ServeCommand.AddOptionsTo(
            command,
            engines.Choices,
            new Dictionary<string, string>
            {
                [nameof(ServeOptions.Backend)] =
                    $"{EmbeddedKind.BackendName} if no setting says which engine, model or address, else "
                    + engines.Choices[0].Name,
            }
        );
        foreach (Option option in command.Options.Where(option => OfServe.Contains(option.Name)))
            option.Hidden = true;
        command.SetAction(
            (parsed, cancellation) => CommandErrors.ReportAsync(() => RunAsync(parsed, engines, cancellation))
        );
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, EngineRegistry engines, CancellationToken cancellation)
    {
        ServeArguments arguments = ServeArguments.Read(SettingsOf(parsed.Tokens), ServeCommand.CommandsOf(parsed));
        ResolvedConfiguration configuration = Read(arguments, arguments.Values, engines.Choices);
        if (!NamesEngine.Any(configuration.IsGiven))
        {
            var embedded = new GivenValue(
                SettingTable.Of(nameof(ServeOptions.Backend)),
                EmbeddedKind.BackendName,
                Origin.Default
            );
            configuration = Read(arguments, [.. arguments.Values, embedded], engines.Choices);
        }
        ServeOptions options = configuration.Options;
        bool isEmbedded = options is { Backend: EmbeddedKind.BackendName, BackendUrl: null };
        string[] problems =
        [
            .. arguments.Problems,
            .. configuration.Problems,
            .. parsed
                .Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash)
                .Where(token => token.Type == TokenType.Option && OfServe.Contains(token.Value))
                .Select(token => $"{token.Value}: applies to serve only. Leave it out."),
            .. OfWorkload
                .Where(option => !isEmbedded && parsed.GetResult(option) is { Implicit: false })
                .Select(option =>
                    $"{option.Name}: applies to the embedded engine only. Leave it out, or give "
                    + $"--backend {EmbeddedKind.BackendName}."
                ),
        ];
        foreach (string warning in configuration.Warnings)
            await Console.Error.WriteLineAsync($"warning: {OneLine.Of(warning)}");
        foreach (string problem in problems)
            await Console.Error.WriteLineAsync($"error: {OneLine.Of(problem)}");
        if (problems.Length > 0)
            return ExitCode.Usage;

        IEngineKind engineKind = engines.Of(options);
        Diagnosis diagnosis = await Diagnosis.MakeAsync(
            engineKind,
            options,
            configuration.Keys,
            EngineMachine.Read(engineKind, options, GpuEnvironment.Collect()),
            cancellation
        );
        if (parsed.GetValue(Table))
        {
            await Console.Out.WriteAsync(
                parsed.GetValue(Json)
                    ? EvidenceText.WriteJson(engines, diagnosis) + "\n"
                    : EvidenceText.Write(engines, diagnosis)
            );
            return ExitCode.Success;
        }
        if (isEmbedded && diagnosis.CanStart)
        {
            var engine = new EmbeddedEngineOptions
            {
                ModelPath = options.ModelPath,
                Threads = parsed.GetValue(Threads),
                Instructions = options.Instructions,
                PrefillChunk = parsed.GetValue(PrefillChunk),
            };
            try
            {
                diagnosis = diagnosis with
                {
                    Digests = await EmbeddedDigests.ComputeAsync(engine, parsed.GetValue(Beside), cancellation),
                };
            }
            catch (ModelLoadException e)
            {
                diagnosis = diagnosis with
                {
                    Assessment = diagnosis.Assessment.With(Finding.Refused("model_file", e.Message)),
                };
            }
        }
        await Console.Out.WriteAsync(
            parsed.GetValue(Json) ? DiagnosisJson.Write(diagnosis) + "\n" : DiagnosisText.Write(diagnosis)
        );
        return diagnosis.ExitCode;
    }

    private static ResolvedConfiguration Read(
        ServeArguments arguments,
        IReadOnlyCollection<GivenValue> flags,
        IReadOnlyList<EngineChoice> engines
    ) =>
        ResolvedConfiguration.Read(
            flags,
            arguments.ConfigPath,
            EnvironmentVariables.OfProcess(),
            engines,
            arguments.HasUnknownFlag
        );

    /// <summary>The tokens without this command's own options.</summary>
    private static List<Token> SettingsOf(IReadOnlyList<Token> tokens)
    {
        var settings = new List<Token>(tokens.Count);
        for (int i = 0; i < tokens.Count; i++)
        {
            if (tokens[i].Type == TokenType.DoubleDash)
            {
                settings.AddRange(tokens.Skip(i));
                break;
            }
            if (tokens[i].Type == TokenType.Option && (tokens[i].Value == Json.Name || tokens[i].Value == Table.Name))
                continue;
            // Each of these options has exactly one value, as the parser has checked.
            if (tokens[i].Type == TokenType.Option && OfWorkload.Any(option => option.Name == tokens[i].Value))
                i++;
            else
                settings.Add(tokens[i]);
        }
        return settings;
    }
}
