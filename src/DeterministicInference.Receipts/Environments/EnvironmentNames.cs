using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Receipts.Environments;

/// <summary>The words of environment documents.</summary>
internal static class EnvironmentNames
{
    internal static IReadOnlyDictionary<string, DeterminismClass> Classes { get; } =
        new Dictionary<string, DeterminismClass>(StringComparer.Ordinal)
        {
            ["deterministic"] = DeterminismClass.Deterministic,
            ["best-effort"] = DeterminismClass.BestEffort,
        };

    internal static IReadOnlyDictionary<string, FactSource> Sources { get; } =
        new Dictionary<string, FactSource>(StringComparer.Ordinal)
        {
            ["measured"] = FactSource.Measured,
            ["engine-reported"] = FactSource.EngineReported,
            ["declared"] = FactSource.Declared,
        };

    /// <summary><c>deterministic</c> or <c>best-effort</c>.</summary>
    public static string Of(DeterminismClass value) => FormatNames.Of(Classes, value);

    /// <summary><c>measured</c>, <c>engine-reported</c> or <c>declared</c>.</summary>
    public static string Of(FactSource value) => FormatNames.Of(Sources, value);
}
