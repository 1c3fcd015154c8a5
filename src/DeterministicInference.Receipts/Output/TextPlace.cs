namespace DeterministicInference.Receipts.Output;

/// <summary>A place in the text of an answer.</summary>
/// <param name="Choice">Index of the choice, from 0.</param>
/// <param name="Channel">The channel's name in the manifest, such as <c>content</c> or <c>tool.0.arguments</c>.</param>
/// <param name="Offset">Bytes of UTF-8 before it.</param>
public readonly record struct TextPlace(int Choice, string Channel, long Offset);
