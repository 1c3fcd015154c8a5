namespace DeterministicInference.Server.Determinism;

/// <summary>A request after everything was pinned that its sender left open.</summary>
/// <param name="Json">What is sent to the engine.</param>
/// <param name="Pins">What was set: a member's path and its value as JSON. Empty where the request is as it came.</param>
internal sealed record PinnedRequest(ReadOnlyMemory<byte> Json, IReadOnlyDictionary<string, string> Pins);
