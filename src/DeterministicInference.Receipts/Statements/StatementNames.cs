using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Output;

namespace DeterministicInference.Receipts.Statements;

/// <summary>The words of the formats.</summary>
internal static class StatementNames
{
    public const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    public static IReadOnlyDictionary<string, DeterminismClass> Classes { get; } = new Dictionary<string, DeterminismClass>(StringComparer.Ordinal)
    {
        ["deterministic"] = DeterminismClass.Deterministic,
        ["best-effort"] = DeterminismClass.BestEffort,
    };

    public static IReadOnlyDictionary<string, FactSource> Sources { get; } = new Dictionary<string, FactSource>(StringComparer.Ordinal)
    {
        ["measured"] = FactSource.Measured,
        ["engine-reported"] = FactSource.EngineReported,
        ["declared"] = FactSource.Declared,
    };

    public static IReadOnlyDictionary<string, AnswerDelivery> Deliveries { get; } = new Dictionary<string, AnswerDelivery>(StringComparer.Ordinal)
    {
        ["json"] = AnswerDelivery.Json,
        ["sse"] = AnswerDelivery.Sse,
    };

    public static IReadOnlyDictionary<string, AnswerExecution> Executions { get; } = new Dictionary<string, AnswerExecution>(StringComparer.Ordinal)
    {
        ["executed"] = AnswerExecution.Executed,
        ["memo"] = AnswerExecution.Memo,
        ["coalesced"] = AnswerExecution.Coalesced,
    };

    public static string Of(DeterminismClass value) => NameOf(Classes, value);

    public static string Of(FactSource value) => NameOf(Sources, value);

    public static string Of(AnswerDelivery value) => NameOf(Deliveries, value);

    public static string Of(AnswerExecution value) => NameOf(Executions, value);

    private static string NameOf<T>(IReadOnlyDictionary<string, T> names, T value) where T : struct, Enum =>
        names.First(name => EqualityComparer<T>.Default.Equals(name.Value, value)).Key;
}
