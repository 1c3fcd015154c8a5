namespace DeterministicInference.Server.Backends.Preflight;

/// <summary>What the answers of an engine are worth: deterministic unless something was found that speaks against it.</summary>
/// <param name="Basis">On what determinism rests where it holds.</param>
/// <param name="Findings">Everything that was found, notes included.</param>
internal sealed record DeterminismVerdict(string Basis, IReadOnlyList<Finding> Findings)
{
    public const string Deterministic = "deterministic", BestEffort = "best-effort";

    /// <summary>Before anything was looked at.</summary>
    public static readonly DeterminismVerdict Pending = new("", [Finding.Undermines("not_checked", "The engine has not been checked yet.")]);

    /// <summary>Why answers are only best-effort; empty where they are deterministic.</summary>
    public IReadOnlyList<Finding> Reasons => [.. Findings.Where(finding => finding.Kind != FindingKind.Note)];

    public bool IsDeterministic => Reasons.Count == 0;

    /// <summary><see cref="Deterministic"/> or <see cref="BestEffort"/>.</summary>
    public string Class => IsDeterministic ? Deterministic : BestEffort;

    /// <summary>The one line that keeps the engine from being started, or null.</summary>
    public Finding? Refusal => Findings.FirstOrDefault(finding => finding.Kind == FindingKind.Refused);

    /// <summary>Whether the other one promises the same for the same reasons.</summary>
    public bool SaysTheSameAs(DeterminismVerdict other) => Basis == other.Basis && Findings.SequenceEqual(other.Findings);
}
