namespace DeterministicInference.Receipts.Bundles;

/// <summary>A request as its client sent it.</summary>
/// <param name="Path">Such as <c>/v1/chat/completions</c>.</param>
/// <param name="Body">The bytes.</param>
public sealed record RecordedRequest(string Path, ReadOnlyMemory<byte> Body);
