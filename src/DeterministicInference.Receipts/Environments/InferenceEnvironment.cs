using System.Text;
using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Receipts.Environments;

/// <summary>
/// The facts that an output may depend on, and why they promise nothing, with their id: <c>H("dis-env/2" LF, then
/// "reason" LF sorted, an empty line, and "key value" LF sorted by key)</c>, both by their UTF-8 bytes. Immutable.
/// </summary>
internal sealed class InferenceEnvironment
{
    /// <summary>Most bytes of a value; a longer one is replaced by its hash.</summary>
    public const int MaxValueBytes = 200;

    private readonly SortedDictionary<string, EnvironmentFact> _facts = new(StringComparer.Ordinal);

    /// <summary>Takes the facts.</summary>
    /// <param name="facts">Keys of lower-case letters, digits, <c>_</c> and <c>.</c>; a value may be any text.</param>
    /// <param name="reasons">
    /// Why the environment is only best-effort; none if nothing speaks against deterministic. A declared fact is a
    /// reason by itself.
    /// </param>
    /// <exception cref="ArgumentException">
    /// A key has another form or comes twice, a value or reason is not well-formed text, or a reason is empty.
    /// </exception>
    public InferenceEnvironment(IEnumerable<KeyValuePair<string, EnvironmentFact>> facts, IEnumerable<string> reasons)
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(reasons);
        foreach ((string key, EnvironmentFact fact) in facts)
        {
            if (!IsKey(key))
                throw new ArgumentException(
                    $"'{key}' is not a key: lower-case letters, digits, '_' and '.'.",
                    nameof(facts)
                );
            if (!Utf8Order.IsWellFormed(fact.Value))
                throw new ArgumentException($"The value of '{key}' has half of a surrogate pair.", nameof(facts));
            if (!_facts.TryAdd(key, fact with { Value = Printable(fact.Value) }))
                throw new ArgumentException($"'{key}' is given twice.", nameof(facts));
        }
        string[] given = [.. reasons];
        if (!given.All(reason => reason?.Length > 0 && Utf8Order.IsWellFormed(reason)))
            throw new ArgumentException("A reason is empty, or has half of a surrogate pair.", nameof(reasons));
        IEnumerable<string> declared = _facts
            .Where(fact => fact.Value.Source == FactSource.Declared)
            .Select(fact => "declared_fact:" + fact.Key);
        Reasons = [.. given.Select(Printable).Concat(declared).Distinct(StringComparer.Ordinal)];
        Id = Sha256Value.Of(
            Encoding.UTF8.GetBytes(
                "dis-env/2\n"
                    + string.Concat(Reasons.Order(Utf8Order.Instance).Select(reason => $"{reason}\n"))
                    + "\n"
                    + string.Concat(_facts.Select(fact => $"{fact.Key} {fact.Value.Value}\n"))
            )
        );
    }

    /// <summary>Equal ids mean equal facts and reasons, whoever says so.</summary>
    public Sha256Value Id { get; }

    /// <summary>By key, in order of the keys.</summary>
    public IReadOnlyDictionary<string, EnvironmentFact> Facts => _facts;

    /// <summary>Why the class is not deterministic.</summary>
    public IReadOnlyList<string> Reasons { get; }

    /// <summary>Deterministic if there is no reason against it.</summary>
    public DeterminismClass Class => Reasons.Count == 0 ? DeterminismClass.Deterministic : DeterminismClass.BestEffort;

    /// <summary>The weakest source of any fact; declared where there is none.</summary>
    public FactSource Source => _facts.Count == 0 ? FactSource.Declared : _facts.Values.Max(fact => fact.Source);

    /// <summary>The keys whose values differ or that only one of them has, in order.</summary>
    public IReadOnlyList<string> Differences(InferenceEnvironment other)
    {
        ArgumentNullException.ThrowIfNull(other);
        IEnumerable<string> keys = _facts
            .Keys.Union(other._facts.Keys, StringComparer.Ordinal)
            .Order(StringComparer.Ordinal);
        return
        [
            .. keys.Where(key => _facts.GetValueOrDefault(key)?.Value != other._facts.GetValueOrDefault(key)?.Value),
        ];
    }

    private static bool IsKey(string key) =>
        key.Length > 0 && key.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '.');

    private static string Printable(string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        return bytes.Length > MaxValueBytes || value.Any(char.IsControl) ? "sha256:" + Sha256Value.Of(bytes) : value;
    }
}

/// <summary>What an environment promises.</summary>
internal enum DeterminismClass
{
    /// <summary>The same request gives the same output within the environment.</summary>
    Deterministic,

    /// <summary>Nothing.</summary>
    BestEffort,
}
