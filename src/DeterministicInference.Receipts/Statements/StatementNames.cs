using System.Globalization;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Receipts.Statements;

/// <summary>The words of the formats.</summary>
internal static class StatementNames
{
    internal static IReadOnlyDictionary<string, AnswerDelivery> Deliveries { get; } =
        new Dictionary<string, AnswerDelivery>(StringComparer.Ordinal)
        {
            ["json"] = AnswerDelivery.Json,
            ["sse"] = AnswerDelivery.Sse,
        };

    internal static IReadOnlyDictionary<string, AnswerExecution> Executions { get; } =
        new Dictionary<string, AnswerExecution>(StringComparer.Ordinal)
        {
            ["executed"] = AnswerExecution.Executed,
            ["memo"] = AnswerExecution.Memo,
            ["coalesced"] = AnswerExecution.Coalesced,
        };

    /// <summary><c>json</c> or <c>sse</c>.</summary>
    public static string Of(AnswerDelivery value) => FormatNames.Of(Deliveries, value);

    /// <summary><c>executed</c>, <c>memo</c> or <c>coalesced</c>.</summary>
    public static string Of(AnswerExecution value) => FormatNames.Of(Executions, value);

    /// <summary>A time in UTC to the second, such as <c>2026-11-22T10:11:12Z</c>.</summary>
    public static string Of(DateTimeOffset time) =>
        time.UtcDateTime.ToString(JsonFields.TimeFormat, CultureInfo.InvariantCulture);

    /// <summary>The same of seconds since 1970; beyond the year 9999 their number.</summary>
    public static string OfTimestamp(long seconds) =>
        seconds >= 0 && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? Of(DateTimeOffset.FromUnixTimeSeconds(seconds))
            : seconds.ToString(CultureInfo.InvariantCulture);
}
