using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Server.Determinism;

/// <summary>A request after everything was set that its sender left open.</summary>
/// <param name="Json">What is sent to the engine.</param>
/// <param name="Changes">What was set: a member's path and its value as JSON. Empty where the request says what it said.</param>
/// <param name="Pins">Those of the changes that decide what is generated: a receipt tells of them.</param>
internal sealed record PinnedRequest(ReadOnlyMemory<byte> Json, IReadOnlyDictionary<string, string> Changes, RequestPins Pins)
{
    /// <summary>Whether an answer in events was asked for.</summary>
    public bool IsStream { get; init; }

    /// <summary>Whether the sender asked for the log-probabilities of tokens.</summary>
    public bool WantsLogprobs { get; init; }

    /// <summary>
    /// Whether the engine was asked for token ids that the sender did not ask for: they are taken out of the answer again.
    /// </summary>
    public bool HidesTokenIds { get; init; }
}
