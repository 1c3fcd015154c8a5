using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.Facts;
using DeterministicInference.Server.Machine;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Assessment;

/// <summary>
/// Makes the assessment of an engine in two stages: before the launch, and with the running engine. <c>serve</c> and
/// <c>doctor</c> use the same calls.
/// </summary>
/// <param name="engine">The engine.</param>
/// <param name="options">Settings.</param>
/// <param name="machine">The machine.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The engine's logger.</param>
internal sealed class EngineAssessor(
    IEngineKind engine,
    ServeOptions options,
    MachineFacts machine,
    TimeProvider time,
    ILogger logger
)
{
    /// <summary>The route that lists an engine's models.</summary>
    public const string ModelList = "/v1/models";

    /// <summary>Time limit for queries to a healthy engine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Locates the files that the engine loads.</summary>
    public ModelLocator Models { get; } = new(engine.Facts, options, machine);

    /// <summary>Checks settings, machine, packages and files.</summary>
    /// <param name="launch">The launch; null for an attached engine.</param>
    public EngineAssessment BeforeLaunch(EngineLaunch? launch)
    {
        FactSheet sheet = NewSheet();
        sheet.Measured("engine.name", engine.Name);
        string asked = string.Join(',', engine.Requests.AllTokenIdMembers);
        if (asked.Length > 0 && options.HasReceipts)
            sheet.Measured("forward.inject", asked);
        engine.Facts.DescribeLaunch(new FactInputs(options, machine) { Launch = launch }, sheet);
        if (launch is not null && engine.Facts.MeasuresProgram)
            sheet.NeedsEngine("which program and libraries the engine runs", ProgramMeasurement.Codes);
        FactSheet files = NewSheet();
        if (options.HasReceipts)
            Models.Describe(files);
        return new EngineAssessment(
            AssessmentStage.BeforeLaunch,
            engine.Determinism.Basis,
            [
                .. EngineChecks.BeforeLaunch(engine, options, machine),
                .. launch is null ? [] : CheckExecutable(launch),
                .. launch is null ? [] : CheckFiles(),
                .. sheet.Findings,
                .. files.Findings,
            ],
            sheet.Facts,
            [.. PendingChecks(), .. sheet.Pending, .. files.Pending]
        )
        {
            Launch = launch,
            Models = ServedModels.Named(GivenName(isLaunched: launch is not null)),
            OfFiles = files.Findings,
        };
    }

    /// <summary>Queries a healthy engine.</summary>
    /// <param name="before">The assessment before the launch.</param>
    /// <param name="calls">Sends the requests.</param>
    /// <param name="digests">Hashes of the loaded files; null if files are not read but only searched again.</param>
    /// <param name="patience">Time limit of the self-check.</param>
    /// <param name="end">Cancels the queries when the engine ends or the server stops.</param>
    /// <param name="program">Measures the program of the engine's process; null if there is none, or it is not.</param>
    /// <param name="change">How it is known that the engine serves other weights than the files'; or null.</param>
    /// <param name="variables">
    /// Those of the engine's process, once its program was measured; null where they are not known.
    /// </param>
    public async Task<EngineAssessment> WhenReadyAsync(
        EngineAssessment before,
        EngineCalls calls,
        ModelMeasurement? digests,
        TimeSpan patience,
        CancellationToken end,
        Func<FactSheet, Task>? program = null,
        string? change = null,
        Func<IReadOnlyDictionary<string, string>?>? variables = null
    )
    {
        // Facts are used by receipts only.
        IReadOnlyList<string> paths =
        [
            .. EngineChecks.AsksForReport(engine, options) ? engine.Determinism.ReportPaths : [],
            .. EngineChecks.AsksForModel(engine, options, machine) ? engine.Determinism.ModelPaths : [],
            .. options.HasReceipts ? engine.Facts.Paths : [],
            ModelList,
        ];
        EngineAnswers answers = await new EngineQuestions(calls, engine.Determinism.ReportPaths).AskAsync(
            paths,
            Patience,
            time,
            end
        );
        // An engine that lists none has the name that it was given, if it was given one.
        ServedModels models = answers.Of(ModelList) is { } list
            ? ServedModels.Read(list, GivenName(before.Launch is not null)) ?? before.Models
            : before.Models;
        FactSheet sheet = NewSheet();
        engine.Facts.DescribeEngine(new FactInputs(options, machine) { Launch = before.Launch }, answers, sheet);
        if (program is not null && options.HasReceipts && engine.Facts.MeasuresProgram)
        {
            await program(sheet);
            CompareLaunch(before, variables?.Invoke(), sheet);
        }
        if (change is not null)
            sheet.AddMissing("model_changed", change);
        else if (digests is not null)
            await digests.DescribeAsync(sheet, end);
        else if (options.HasReceipts)
            Models.Describe(sheet);
        if (models.All.Any(model => model is { Parent: not null, Root: var root } && !IsMeasured(root)))
        {
            sheet.AddMissing(
                "adapter_not_measured",
                "The engine serves an adapter that is no file of its arguments. Name it in the arguments after --, by "
                    + "its folder."
            );
        }
        string? reported = answers.First(engine.Determinism.ReportPaths);
        IReadOnlyList<Finding> report = EngineChecks.OfReport(
                engine,
                options,
                reported is null ? null : answers.Of(reported)
            ),
            tried = EngineChecks.TriesSeeds(engine, options)
                ? await new EngineSelfCheck(engine, models.Main?.Id, calls, logger).RunAsync(patience, time, end)
                : [];
        return before.Complete(
            [.. report, .. CheckKind(answers), .. CheckModel(answers), .. sheet.Findings, .. tried],
            sheet.Facts
        ) with
        {
            Models = models,
        };
    }

    /// <summary>
    /// Looks again at what was described before the launch: a script of <c>--backend-command</c> may set variables and
    /// write files.
    /// </summary>
    private void CompareLaunch(EngineAssessment before, IReadOnlyDictionary<string, string>? variables, FactSheet sheet)
    {
        FactSheet again = NewSheet();
        engine.Facts.DescribeLaunch(
            new FactInputs(options, machine) { Launch = before.Launch, Seen = variables },
            again
        );
        string[] other =
        [
            .. again
                .Facts.Keys.Union(before.Facts.Keys.Where(IsOfLaunch))
                .Where(key => before.Facts.GetValueOrDefault(key) != again.Facts.GetValueOrDefault(key))
                .Order(StringComparer.Ordinal),
        ];
        if (other.Length > 0)
        {
            sheet.AddMissing(
                "arguments_differ",
                "The engine runs with other variables than this server gave, or a file that it reads is another one "
                    + $"than before the launch ({string.Join(", ", other)}), so that it may compute otherwise. Set "
                    + "variables for this server, let no script change them or the files, and start the engine anew."
            );
        }

        static bool IsOfLaunch(string key) =>
            key.StartsWith("argument.", StringComparison.Ordinal)
            || key.StartsWith("variable.", StringComparison.Ordinal);
    }

    /// <summary>Whether an attached engine is one of the kind that the settings name.</summary>
    private IEnumerable<Finding> CheckKind(EngineAnswers answers)
    {
        if (options.BackendUrl is not { } url)
            yield break;
        // Every other kind has a health route of its own.
        if (engine.Health.TakesAnyAnswer && answers.Of(ModelList) is null)
        {
            yield return Finding.Degrades(
                "no_model_list",
                $"--backend-url: {EngineUrl.ToDisplay(url).TrimEnd('/')}{ModelList} answers with no list of models, so "
                    + "it may be no OpenAI server. Correct --backend-url, or give the engine's key with "
                    + "--backend-api-key-file."
            );
        }
        if (
            !engine.Health.TakesAnyAnswer
            && answers.Text(ModelList, "data", "owned_by") is { } owner
            && EngineRegistry.BuiltIn.Find(owner) is { } other
            && other.Name != engine.Name
        )
        {
            yield return Finding.Degrades(
                "other_engine",
                $"--backend: the engine of --backend-url says that it is '{other.Name}', and is treated as "
                    + $"'{engine.Name}'. Give --backend {other.Name}."
            );
        }
    }

    private IEnumerable<Finding> CheckModel(EngineAnswers answers) =>
        EngineChecks.AsksForModel(engine, options, machine)
        && answers.First(engine.Determinism.ModelPaths) is { } path
        && answers.Of(path) is { } model
            ? engine.Determinism.CheckModel(model)
            : [];

    /// <summary>The name of a launched engine; of an attached one only a setting says something.</summary>
    private string? GivenName(bool isLaunched) =>
        isLaunched ? LaunchedName.Of(engine.Launcher!, options) : options.ServedModelName;

    private bool IsMeasured(string? adapter) => Models.Parts.Any(part => part.Reference == adapter);

    private FactSheet NewSheet() => new(isNeeded: options.HasReceipts);

    private IEnumerable<Finding> CheckExecutable(EngineLaunch launch)
    {
        string named = options.BackendCommand is null ? "" : "--backend-command: ";
        if (ExecutableLookup.Find(launch.File, machine.Variables) is { } found)
        {
            if (ExecutableLookup.FindScriptProblem(found, machine.Variables) is { } problem)
                yield return Finding.Refused("executable_denied", $"{named}'{found}' {problem}");
            else if (machine.Installation is { HasModule: false, Interpreter: var interpreter })
                yield return Finding.Refused(
                    "executable_missing",
                    $"{named}'{interpreter}' has no module '{engine.Facts.Packages!.Engine}'. "
                        + engine.Launcher!.MissingRemedy
                );
            yield break;
        }
        if (ExecutableLookup.FindUnusable(launch.File, machine.Variables) is { } file)
            yield return Finding.Refused(
                "executable_denied",
                Directory.Exists(file)
                    ? $"{named}'{file}' is a folder. Name a program with --backend-command."
                    : $"{named}'{file}' can't be executed by this user. Give it the permission (chmod +x), or name "
                        + "another program with --backend-command."
            );
        else
            yield return Finding.Refused(
                "executable_missing",
                $"{named}'{launch.File}' was not found. {MissingRemedy(launch.File)}"
            );
    }

    private string? MissingRemedy(string program) =>
        options.BackendCommand is null ? engine.Launcher?.MissingRemedy
        : program.Contains(' ', StringComparison.Ordinal)
        && ExecutableLookup.Find(program.Split(' ')[0], machine.Variables) is not null
            ? "It takes a program without arguments: those stand after --."
        : File.Exists(program) ? $"Write ./{program} for the file in this folder: a name alone is looked up in PATH."
        : engine.Launcher?.MissingRemedy;

    private IEnumerable<Finding> CheckFiles() =>
        (options.ModelPath is null || machine.Model.Exists)
        && engine.Launcher?.FindModelProblem(options, Models.Parts) is { } problem
            ? [Finding.Refused("model_file", problem)]
            : [];

    private IEnumerable<PendingCheck> PendingChecks()
    {
        if (options is { BackendUrl: null, BackendArguments.Count: > 0 } && engine.Launcher?.ChecksArguments == false)
        {
            // No reason against determinism: the engine does not start.
            yield return new PendingCheck("whether the engine takes the arguments after --", []);
        }
        if (
            options.BackendUrl is null
            && engine.Facts.Packages is { } packages
            && machine.Installation?.HasModule is null
        )
            yield return new PendingCheck($"whether its program finds the module '{packages.Engine}'", []);
        if (options.BackendUrl is not null)
        {
            yield return new PendingCheck(
                "which kind of engine answers",
                [engine.Health.TakesAnyAnswer ? "no_model_list" : "other_engine"]
            );
        }
        if (EngineChecks.AsksForReport(engine, options))
            yield return new PendingCheck("how the engine was started", engine.Determinism.ReportCodes);
        if (EngineChecks.AsksForModel(engine, options, machine))
            yield return new PendingCheck("which model the engine has", engine.Determinism.ModelCodes);
        if (EngineChecks.TriesSeeds(engine, options))
            yield return new PendingCheck("whether the engine honours the seeds of requests", EngineSelfCheck.Codes);
    }
}
