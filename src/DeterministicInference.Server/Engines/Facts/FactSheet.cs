using DeterministicInference.Receipts.Environments;

namespace DeterministicInference.Server.Engines.Facts;

/// <summary>
/// Collects the facts that an engine's output may depend on, which of them are missing, and which only the running
/// engine can report.
/// </summary>
/// <param name="isNeeded">Whether the facts are used: without receipts a missing fact is no loss.</param>
internal sealed class FactSheet(bool isNeeded)
{
    private readonly SortedDictionary<string, EnvironmentFact> _facts = new(StringComparer.Ordinal);
    private readonly List<Finding> _findings = [];
    private readonly List<PendingCheck> _pending = [];

    public IReadOnlyDictionary<string, EnvironmentFact> Facts => _facts;

    /// <summary>Why an environment with these facts is only best-effort.</summary>
    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>Checks to make once the engine runs.</summary>
    public IReadOnlyList<PendingCheck> Pending => _pending;

    /// <summary>Adds a fact that this server has measured.</summary>
    public void Measured(string key, string value) => _facts[key] = new EnvironmentFact(value, FactSource.Measured);

    /// <summary>Adds a fact that the engine reports; nothing if it does not.</summary>
    public void Reported(string key, string? value)
    {
        if (value is not null)
            _facts[key] = new EnvironmentFact(value, FactSource.EngineReported);
    }

    /// <summary>Adds a fact that the operator states, unverified.</summary>
    public void Declared(string key, string value) => _facts[key] = new EnvironmentFact(value, FactSource.Declared);

    /// <summary>Records that a fact is missing.</summary>
    /// <param name="code">Code of the finding.</param>
    /// <param name="text">The missing fact and the remedy.</param>
    public void AddMissing(string code, string text)
    {
        Finding finding = Finding.Degrades(code, text);
        if (isNeeded && !_findings.Contains(finding))
            _findings.Add(finding);
    }

    /// <summary>Records a fact that only the running engine can report.</summary>
    /// <param name="question">The fact, as an indirect question.</param>
    /// <param name="codes">Codes of the findings if the engine does not report it, or reports another one.</param>
    public void NeedsEngine(string question, params IReadOnlyList<string> codes)
    {
        if (isNeeded)
            _pending.Add(new PendingCheck(question, codes));
    }
}
