using System.Text;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Server.Engines;

/// <summary>
/// How an engine's answers differ from the API's, and the replacements. Data, applied by the gateway. Token ids are not
/// part of it: docs/determinism.md lists their places in the answers of all engines.
/// </summary>
internal sealed record AnswerRules
{
    /// <summary>An engine that answers as the API does.</summary>
    public static AnswerRules None { get; } = new();

    /// <summary>The API's values of <c>finish_reason</c>.</summary>
    public static IReadOnlyList<EngineFinishReason> ApiFinishReasons { get; } =
    [
        .. ((string[])["stop", "length", "tool_calls", "content_filter", "function_call"]).Select(
            name => new EngineFinishReason(name, name)
        ),
    ];

    /// <summary>What an answer that has ended for a reason of the engine's own says.</summary>
    public static EngineFinishReason OtherFinishReason { get; } = new("", "stop");

    /// <summary>Engine-specific values of <c>finish_reason</c>.</summary>
    public IReadOnlyList<EngineFinishReason> FinishReasons { get; init; } = [];

    /// <summary>
    /// Whether every event of a stream contains the role, which clients that concatenate members would repeat.
    /// </summary>
    public bool RepeatsRole { get; init; }

    /// <summary>Whether answers have an empty <c>id</c>.</summary>
    public bool LeavesIdEmpty { get; init; }

    /// <summary>
    /// Whether the engine closes a connection behind a stream without having said so in the answer's headers. A request
    /// that is sent there before the close arrives is lost.
    /// </summary>
    public bool ClosesAfterStream { get; init; }

    /// <summary>The rules for an engine that may be any of several.</summary>
    public static AnswerRules Union(IEnumerable<AnswerRules> rules)
    {
        AnswerRules[] all = [.. rules];
        return new AnswerRules
        {
            FinishReasons = [.. all.SelectMany(one => one.FinishReasons).DistinctBy(reason => reason.Name)],
            RepeatsRole = all.Any(one => one.RepeatsRole),
            LeavesIdEmpty = all.Any(one => one.LeavesIdEmpty),
            ClosesAfterStream = all.Any(one => one.ClosesAfterStream),
        };
    }
}

/// <summary>A value of <c>finish_reason</c> that the API does not have.</summary>
/// <param name="Name">The engine's value.</param>
/// <param name="Meaning">The API's value.</param>
internal sealed record EngineFinishReason(string Name, string Meaning)
{
    /// <summary>The name in UTF-8.</summary>
    public ReadOnlyMemory<byte> Utf8Name { get; } = Encoding.UTF8.GetBytes(Name);

    /// <summary>The meaning as JSON.</summary>
    public byte[] Json { get; } = JsonText.QuoteBytes(Meaning);
}
