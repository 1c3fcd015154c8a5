using System.Globalization;

namespace DeterministicInference.Server.Engines.Evidence;

/// <summary>What a row of evidence says of a configuration.</summary>
internal enum EvidenceVerdict
{
    /// <summary>Answers are deterministic.</summary>
    Deterministic,

    /// <summary>Answers are best-effort.</summary>
    BestEffort,

    /// <summary>The engine is not launched; of an attached one answers are best-effort.</summary>
    Refused,

    /// <summary>Worth knowing; the verdict does not depend on it.</summary>
    Note,
}

/// <summary>Releases from one on, before another; null for no bound.</summary>
internal readonly record struct ReleaseRange(string? From, string? Before)
{
    public static readonly ReleaseRange All = new(null, null);

    /// <summary>Whether a release is among them; an unknown one may be.</summary>
    public bool MayContain(string? version) =>
        ReleaseVersion.Parse(version) is not { } release
        || (
            !(ReleaseVersion.Parse(From) is { } from && release < from)
            && !(ReleaseVersion.Parse(Before) is { } before && release >= before)
        );

    /// <summary>Whether a release is known and among them.</summary>
    public bool Contains(string? version) => ReleaseVersion.Parse(version) is not null && MayContain(version);

    public override string ToString() =>
        (From, Before) switch
        {
            (null, null) => "all",
            ({ } from, null) => $"from {from}",
            (null, { } before) => $"before {before}",
            _ => $"from {From} before {Before}",
        };
}

/// <summary>A configuration that is known to be good or bad, and how that is known.</summary>
/// <param name="Id">Name of the row.</param>
/// <param name="Versions">The engine's releases to which it applies.</param>
/// <param name="Condition">The configuration.</param>
/// <param name="Verdict">What follows.</param>
/// <param name="Code">Code of the finding; null where there is none.</param>
/// <param name="Source">Where it is known from.</param>
/// <param name="Read">When that was read or tried: year-month-day.</param>
internal sealed record EvidenceRow(
    string Id,
    ReleaseRange Versions,
    string Condition,
    EvidenceVerdict Verdict,
    string? Code,
    string Source,
    string Read
)
{
    /// <summary>The verdict in a table.</summary>
    public string VerdictText =>
        Verdict switch
        {
            EvidenceVerdict.Deterministic => "deterministic",
            EvidenceVerdict.BestEffort => "best-effort",
            EvidenceVerdict.Refused => "refused",
            _ => "note",
        };

    public DateOnly Date => DateOnly.ParseExact(Read, "yyyy-MM-dd", CultureInfo.InvariantCulture);
}
