using System.Globalization;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Machine;
using DeterministicInference.Server.Supervision;
using DeterministicInference.Server.Tests.Engines;

namespace DeterministicInference.Server.Tests.Documentation;

/// <summary>
/// The parts of the documentation that are generated from the registry of engines. <c>DIS_WRITE_DOCS=1</c> and the test
/// that compares them write them.
/// </summary>
internal static class EngineTables
{
    public const string Operations = "docs/operations.md",
        Configuration = "docs/configuration.md";

    private const string TableHead =
        "| `--backend` | engine | launched on 16 processors and one GPU of capability 9.0 | requests at once | "
        + "deterministic by |\n| --- | --- | --- | --- | --- |\n";

    private const string ModelPath = "/models/m";

    /// <summary>The pages with such parts.</summary>
    public static IReadOnlyList<string> Pages { get; } = [Operations, Configuration];

    /// <summary>A page with the parts that follow from these engines.</summary>
    public static string Write(string page, string text, EngineRegistry engines) =>
        page == Operations ? WriteTable(text, engines) : WriteRow(text, engines);

    private static string WriteTable(string text, EngineRegistry engines)
    {
        int begin = text.IndexOf(TableHead, StringComparison.Ordinal);
        if (begin < 0)
            throw new InvalidOperationException($"{Operations} has no table of engines.");
        begin += TableHead.Length;
        int end = text.IndexOf("\n\n", begin, StringComparison.Ordinal) + 1;
        return text[..begin] + string.Concat(engines.All.Select(Row)) + text[end..];
    }

    private static string WriteRow(string text, EngineRegistry engines)
    {
        const string beginning = "| `--backend NAME` | ",
            ending = ". See [operations.md]";
        int begin = text.IndexOf(beginning, StringComparison.Ordinal),
            end = begin < 0 ? -1 : text.IndexOf(ending, begin, StringComparison.Ordinal);
        if (end < 0)
            throw new InvalidOperationException($"{Configuration} has no row of the engines.");
        string names = EngineChoice.Describe(engines.Choices, name => $"`{name}`");
        return $"{text[..begin]}{beginning}`INFERENCE_BACKEND` | `{engines.Default.Name}` | {names}{text[end..]}";
    }

    private static string Row(IEngineKind engine)
    {
        var options = new ServeOptions { Backend = engine.Name, ModelPath = ModelPath };
        string basis = engine.Determinism.Basis;
        return $"| `{engine.Name}` | {engine.Title} | {Launch(engine, options)} | "
            + $"{engine.RequestsAtOnce(options)?.ToString(CultureInfo.InvariantCulture) ?? "any number"} | "
            + $"{(basis.Length > 0 ? basis : "nothing: never")} |\n";
    }

    private static string Launch(IEngineKind engine, ServeOptions options)
    {
        if (engine.Launcher is null)
            return "nothing: attached to by `--backend-url`";
        MachineFacts machine = Machines.With(new ModelFacts { Exists = true, GgufFiles = [ModelPath] }, "9.0");
        EngineLaunch launch = engine.Launcher.Launch(
            options,
            machine,
            EngineEndpointChoice.Describe(engine.Launcher, options, ServeKeys.Read(options), machine.Variables)
        );
        // This program, whatever runs it now.
        if (launch.File == Environment.ProcessPath)
        {
            launch = launch with
            {
                File = "deterministic-inference-server",
                Arguments =
                [
                    .. launch.Arguments.SkipWhile(argument => argument.EndsWith(".dll", StringComparison.Ordinal)),
                ],
            };
        }
        return $"`{launch.Describe()}`";
    }
}
