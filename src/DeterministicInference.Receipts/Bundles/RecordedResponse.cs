using DeterministicInference.Receipts.Output;

namespace DeterministicInference.Receipts.Bundles;

/// <summary>An answer as its client received it, after content decoding.</summary>
/// <param name="Delivery">One JSON body, or events.</param>
/// <param name="ContentType">As it was said.</param>
/// <param name="Body">The bytes, with whatever receipt they carry.</param>
public sealed record RecordedResponse(AnswerDelivery Delivery, string ContentType, ReadOnlyMemory<byte> Body);
