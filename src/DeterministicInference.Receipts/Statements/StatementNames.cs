using System.Globalization;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Output;

namespace DeterministicInference.Receipts.Statements;

/// <summary>The words of the formats.</summary>
public static class StatementNames
{
    internal const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    internal static IReadOnlyDictionary<string, DeterminismClass> Classes { get; } = new Dictionary<string, DeterminismClass>(StringComparer.Ordinal)
    {
        ["deterministic"] = DeterminismClass.Deterministic,
        ["best-effort"] = DeterminismClass.BestEffort,
    };

    internal static IReadOnlyDictionary<string, FactSource> Sources { get; } = new Dictionary<string, FactSource>(StringComparer.Ordinal)
    {
        ["measured"] = FactSource.Measured,
        ["engine-reported"] = FactSource.EngineReported,
        ["declared"] = FactSource.Declared,
    };

    internal static IReadOnlyDictionary<string, AnswerDelivery> Deliveries { get; } = new Dictionary<string, AnswerDelivery>(StringComparer.Ordinal)
    {
        ["json"] = AnswerDelivery.Json,
        ["sse"] = AnswerDelivery.Sse,
    };

    internal static IReadOnlyDictionary<string, AnswerExecution> Executions { get; } = new Dictionary<string, AnswerExecution>(StringComparer.Ordinal)
    {
        ["executed"] = AnswerExecution.Executed,
        ["memo"] = AnswerExecution.Memo,
        ["coalesced"] = AnswerExecution.Coalesced,
    };

    /// <summary><c>deterministic</c> or <c>best-effort</c>.</summary>
    public static string Of(DeterminismClass value) => NameOf(Classes, value);

    /// <summary><c>measured</c>, <c>engine-reported</c> or <c>declared</c>.</summary>
    public static string Of(FactSource value) => NameOf(Sources, value);

    /// <summary><c>json</c> or <c>sse</c>.</summary>
    public static string Of(AnswerDelivery value) => NameOf(Deliveries, value);

    /// <summary><c>executed</c>, <c>memo</c> or <c>coalesced</c>.</summary>
    public static string Of(AnswerExecution value) => NameOf(Executions, value);

    /// <summary>A time in UTC to the second, such as <c>2026-11-22T10:11:12Z</c>.</summary>
    public static string Of(DateTimeOffset time) => time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);

    private static string NameOf<T>(IReadOnlyDictionary<string, T> names, T value) where T : struct, Enum =>
        names.First(name => EqualityComparer<T>.Default.Equals(name.Value, value)).Key;
}
