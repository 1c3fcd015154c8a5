using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Tokens;

namespace DeterministicInference.Receipts.Verification;

/// <summary>The result of replays.</summary>
/// <param name="Delivery">Delivery of the replays.</param>
/// <param name="Answers">Number of answers received.</param>
internal sealed record ReplayReport(AnswerDelivery Delivery, int Answers)
{
    /// <summary>Environment that the server names for the replays; null if unknown.</summary>
    public Sha256Value? EnvironmentId { get; init; }

    /// <summary>What the server's receipt says of that environment; null if unknown.</summary>
    public EnvironmentPromise? EnvironmentPromise { get; init; }

    /// <summary>The log that has sealed the replay; null where its receipt shows nothing.</summary>
    public NoteKey? Log { get; init; }

    /// <summary>Whether it is the log of the receipt.</summary>
    public bool IsIssuer { get; init; }

    /// <summary>Facts that are known to differ between the environments.</summary>
    public IReadOnlyList<string> DifferingFacts { get; init; } = [];

    /// <summary>A remark, such as why the environment is unknown.</summary>
    public string? Note { get; init; }

    /// <summary>Where the first answer differs from the receipt; null if it does not differ.</summary>
    public ReplayDifference? Difference { get; init; }

    /// <summary>The token at that place in the receipt's answer, and in the replay; null if unknown.</summary>
    public ReportedToken? Recorded { get; init; }

    /// <inheritdoc cref="Recorded"/>
    public ReportedToken? Replayed { get; init; }
}

/// <summary>A token as shown in reports.</summary>
/// <param name="Id">Id that the engine reports.</param>
/// <param name="Text">Text of the token according to the answer; null if the answer has none.</param>
internal sealed record ReportedToken(uint Id, string? Text)
{
    /// <summary>The token at a place; null if unknown.</summary>
    public static ReportedToken? At(RecordedAnswer? answer, TokenPlace place) =>
        answer?.TokenAt(place) is { } id ? new ReportedToken(id, answer.TextAt(place)) : null;
}

/// <summary>What a receipt says of its environment.</summary>
/// <param name="Class">Whether it is deterministic.</param>
/// <param name="Source">The weakest source of its facts.</param>
internal sealed record EnvironmentPromise(DeterminismClass Class, FactSource Source)
{
    public override string ToString() => $"{EnvironmentNames.Of(Class)}, {EnvironmentNames.Of(Source)}";
}
