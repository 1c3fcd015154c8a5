using DeterministicInference.Receipts.Environments;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Assessment;

/// <summary>Stages of an <see cref="EngineAssessment"/>.</summary>
internal enum AssessmentStage
{
    /// <summary>Nothing was checked.</summary>
    NotBegun,

    /// <summary>Everything that needs no running engine was checked.</summary>
    BeforeLaunch,

    /// <summary>The running engine was queried too.</summary>
    WhenReady,
}

/// <summary>
/// Whether the answers of an engine are deterministic, and why: the one verdict that doctor, log, /health,
/// /v1/environment and receipts show. It is made before the launch and completed when the engine is ready, which only
/// adds findings.
/// </summary>
/// <param name="Stage">The stage.</param>
/// <param name="Basis">The basis of determinism if there are no reasons against it.</param>
/// <param name="Findings">All findings, notes included.</param>
/// <param name="Facts">Known facts that answers depend on.</param>
/// <param name="Pending">Checks that need the running engine, and their possible findings; empty at the end.</param>
internal sealed record EngineAssessment(
    AssessmentStage Stage,
    string Basis,
    IReadOnlyList<Finding> Findings,
    IReadOnlyDictionary<string, EnvironmentFact> Facts,
    IReadOnlyList<PendingCheck> Pending
)
{
    public const string Deterministic = "deterministic",
        BestEffort = "best-effort",
        NotChecked = "not_checked";

    /// <summary>The assessment before any check.</summary>
    public static EngineAssessment NotBegun { get; } =
        new(AssessmentStage.NotBegun, "", [], new Dictionary<string, EnvironmentFact>(), []);

    /// <summary>The launch of the engine; null for an attached engine.</summary>
    public EngineLaunch? Launch { get; init; }

    /// <summary>The models that the engine lists; before it was asked, the one that it is launched with.</summary>
    public ServedModels Models { get; init; } = ServedModels.Unknown;

    /// <summary>The version that the engine reports; null before it was asked, or where it reports none.</summary>
    public string? EngineVersion => Facts.GetValueOrDefault("engine.version")?.Value;

    /// <summary>Findings about files, which are searched again when the engine is ready.</summary>
    public IReadOnlyList<Finding> OfFiles { get; init; } = [];

    /// <summary>Reasons against determinism; empty if none were found so far.</summary>
    public IReadOnlyList<Finding> Reasons => [.. Findings.Where(finding => finding.Kind != FindingKind.Note)];

    /// <summary>
    /// <see cref="BestEffort"/> as soon as a reason is known, <see cref="Deterministic"/> once everything was checked,
    /// and <see cref="NotChecked"/> before.
    /// </summary>
    public string Class =>
        Reasons.Count > 0 ? BestEffort
        : Stage == AssessmentStage.WhenReady ? Deterministic
        : NotChecked;

    /// <summary>The codes of the reasons for the class; <c>not_checked</c> while that is the class.</summary>
    public IEnumerable<string> ReasonCodes =>
        Class == NotChecked ? [NotChecked] : Reasons.Select(reason => reason.Code);

    /// <summary>The first finding that prevents the launch, or null.</summary>
    public Finding? Refusal => Findings.FirstOrDefault(finding => finding.Kind == FindingKind.Refused);

    /// <summary>Completes the assessment after the engine was queried.</summary>
    /// <param name="found">The findings; they may include earlier ones.</param>
    /// <param name="facts">Additional facts.</param>
    public EngineAssessment Complete(
        IReadOnlyCollection<Finding> found,
        IReadOnlyDictionary<string, EnvironmentFact> facts
    ) =>
        this with
        {
            Stage = AssessmentStage.WhenReady,
            Findings =
            [
                .. Findings.Except(OfFiles.Except(found)),
                .. found.Except(Findings).Select(finding => finding with { NeedsEngine = true }),
            ],
            Facts = new Dictionary<string, EnvironmentFact>([
                .. Facts,
                .. facts.ExceptBy(Facts.Keys, fact => fact.Key),
            ]),
            Pending = [],
        };

    /// <summary>Adds a finding.</summary>
    public EngineAssessment With(Finding finding) => this with { Findings = [.. Findings, finding] };

    /// <summary>The environment that receipts name.</summary>
    public InferenceEnvironment ToEnvironment() => new(Facts, Reasons.Select(reason => reason.Code));
}
