using DeterministicInference.Receipts.Environments;
using DeterministicInference.Server.Backends.Preflight;

namespace DeterministicInference.Server.Backends.Facts;

/// <summary>Collects the facts that an engine's output may depend on, and why some of them are not had.</summary>
/// <param name="isNeeded">Whether anything rests on the facts: without receipts what is not known is no loss.</param>
internal sealed class FactSheet(bool isNeeded)
{
    private readonly SortedDictionary<string, EnvironmentFact> _facts = new(StringComparer.Ordinal);
    private readonly List<Finding> _findings = [];

    public IReadOnlyDictionary<string, EnvironmentFact> Facts => _facts;

    /// <summary>Why an environment with these facts is only best-effort.</summary>
    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>This server looked itself.</summary>
    public void Measured(string key, string value) => _facts[key] = new EnvironmentFact(value, FactSource.Measured);

    /// <summary>The engine says so; nothing where it does not.</summary>
    public void Reported(string key, string? value)
    {
        if (value is not null) _facts[key] = new EnvironmentFact(value, FactSource.EngineReported);
    }

    /// <summary>The operator says so, and nobody has looked.</summary>
    public void Declared(string key, string value) => _facts[key] = new EnvironmentFact(value, FactSource.Declared);

    /// <summary>Something that an output may depend on is not known.</summary>
    /// <param name="code">Of the finding.</param>
    /// <param name="text">What is not known, and how it would be.</param>
    public void Lacks(string code, string text)
    {
        Finding finding = Finding.Undermines(code, text);
        if (isNeeded && !_findings.Contains(finding)) _findings.Add(finding);
    }
}
