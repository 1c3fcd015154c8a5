using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Server.Determinism;

/// <summary>A request with all open members set.</summary>
/// <param name="Json">
/// The request body for the engine; without its prompts where these are requests of their own.
/// </param>
/// <param name="Changes">
/// The changes: a member's path and its new value as JSON. Empty if the request was not changed.
/// </param>
/// <param name="Pins">The changes that affect what is generated; receipts contain them.</param>
internal sealed record PinnedRequest(
    ReadOnlyMemory<byte> Json,
    IReadOnlyDictionary<string, string> Changes,
    RequestPins Pins
)
{
    /// <summary>The seed that was drawn for the request; null where it has one, or gets the settings'.</summary>
    public long? DrawnSeed { get; init; }

    /// <summary>The prompts, where each is a request of its own; null for one request.</summary>
    public PromptParts? Parts { get; init; }

    /// <summary>The engine's name of the model that answers; null if it lists none.</summary>
    public string? ModelName { get; init; }

    /// <summary>Whether that is the model whose files are measured, and no adapter of it.</summary>
    public bool IsMainModel { get; init; } = true;

    /// <summary>Whether a stream was requested.</summary>
    public bool IsStream { get; init; }

    /// <summary>Whether a stream without comment lines was requested.</summary>
    public bool WantsNoComments { get; init; }

    /// <summary>Whether log-probabilities were requested.</summary>
    public bool WantsLogprobs { get; init; }

    /// <summary>Whether log-probabilities were requested without alternatives (<c>"logprobs":0</c>).</summary>
    public bool WantsNoAlternatives { get; init; }

    /// <summary>Number of choices per prompt.</summary>
    public int ChoicesPerPrompt { get; init; } = 1;

    /// <summary>Whether only this server requested token ids, so that they are removed from the answer.</summary>
    public bool HidesTokenIds { get; init; }
}
