using System.Text.Json;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines.Evidence;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines;

/// <summary>
/// The basis of an engine's determinism, and reasons against it. Pure: findings depend on the arguments alone.
/// </summary>
internal interface IEngineDeterminism
{
    /// <summary>
    /// The basis of determinism if there are no reasons against it: continues the sentence "Answers are deterministic:
    /// …". Empty for an engine that is never deterministic.
    /// </summary>
    string Basis { get; }

    /// <summary>What is known of its configurations: every finding of this engine has a row.</summary>
    IReadOnlyList<EvidenceRow> Evidence => [];

    /// <summary>Reasons against launching the engine with these settings, or against its determinism.</summary>
    IEnumerable<Finding> CheckLaunch(ServeOptions options, MachineFacts machine) => [];

    /// <summary>Reasons against the determinism of an attached engine that are known before it is queried.</summary>
    IEnumerable<Finding> CheckAttached() => [ArgumentsUnknown];

    /// <summary>
    /// Paths of which GET on the first existing one answers, as JSON, how an attached engine was started.
    /// </summary>
    IReadOnlyList<string> ReportPaths => [];

    /// <summary>Reasons against determinism in the report. Called only for engines with a report.</summary>
    /// <param name="report">Answer of a path of <see cref="ReportPaths"/>; null if there was none.</param>
    IEnumerable<Finding> CheckReport(JsonElement? report) => [];

    /// <summary>The codes of all findings that <see cref="CheckReport"/> can make.</summary>
    IReadOnlyList<string> ReportCodes => [];

    /// <summary>
    /// Paths of which GET on the first existing one answers, as JSON, which model the engine has: asked where the model
    /// is not on this machine, as one that is only named on the hub or that an attached engine has loaded.
    /// </summary>
    IReadOnlyList<string> ModelPaths => [];

    /// <summary>Reasons against determinism in the model.</summary>
    /// <param name="model">Answer of a path of <see cref="ModelPaths"/>.</param>
    IEnumerable<Finding> CheckModel(JsonElement model) => [];

    /// <summary>The codes of all findings that <see cref="CheckModel"/> can make.</summary>
    IReadOnlyList<string> ModelCodes => [];

    /// <summary>
    /// Builds that ignore the member <c>seed</c> of a request, such as <c>SGLang before 2025-12-19</c>, because of
    /// which the engine is tested before it is ready. Null if there are none.
    /// </summary>
    string? SeedlessBuilds => null;

    /// <summary>
    /// Flags that replace the model's chat template; null for an engine that renders no templates of models.
    /// </summary>
    IReadOnlyList<string>? TemplateFlags => null;

    /// <summary>The template that the engine is given by arguments or variables; null if it is given none.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="variables">The engine's variables, for one that takes arguments from them.</param>
    string? TemplateIn(ServeOptions options, IReadOnlyDictionary<string, string> variables) =>
        TemplateFlags is { } flags
        && new EngineCommandLine(options.BackendArguments).Value([.. flags]) is { Length: > 0 } template
            ? template
            : null;

    /// <summary>For an attached engine that does not report its arguments.</summary>
    static readonly Finding ArgumentsUnknown = Finding.Degrades(
        "arguments_unknown",
        "This server did not launch the engine, and the engine's arguments are unknown. Let this server launch "
            + "it (leave --backend-url out)."
    );
}
