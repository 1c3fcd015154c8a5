using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Tokens;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Server.Verification;

/// <summary>What replays showed.</summary>
/// <param name="Delivery">How they were delivered.</param>
/// <param name="Answers">How many answers came.</param>
internal sealed record ReplayReport(AnswerDelivery Delivery, int Answers)
{
    /// <summary>Where the server says that it computed them; null if that is not known.</summary>
    public Sha256Value? EnvironmentId { get; init; }

    /// <summary>Facts that differ between the environments; empty where they are equal or not known.</summary>
    public IReadOnlyList<string> DifferingFacts { get; init; } = [];

    /// <summary>What else there is to know, such as why the environment is not known.</summary>
    public string? Note { get; init; }

    /// <summary>Where the first answer differs from the receipt; null if it does not.</summary>
    public ReplayDifference? Difference { get; init; }

    /// <summary>The token at that place in the receipt's answer, and in the replay; null if it is not known.</summary>
    public ReportedToken? Recorded { get; init; }

    /// <inheritdoc cref="Recorded"/>
    public ReportedToken? Replayed { get; init; }
}

/// <summary>A token for people.</summary>
/// <param name="Id">As the engine reports it.</param>
/// <param name="Text">What the answer says that it stands for; null if it does not.</param>
internal sealed record ReportedToken(uint Id, string? Text)
{
    /// <summary>The token at a place; null if it is not known.</summary>
    public static ReportedToken? At(RecordedAnswer? answer, TokenPlace place) =>
        answer?.TokenAt(place) is { } id ? new ReportedToken(id, answer.TextAt(place)) : null;
}
