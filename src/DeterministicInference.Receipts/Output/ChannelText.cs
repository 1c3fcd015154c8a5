namespace DeterministicInference.Receipts.Output;

/// <summary>The text of a channel.</summary>
/// <param name="Choice">Index of the choice.</param>
/// <param name="Channel">The name in the manifest, such as <c>content</c>.</param>
/// <param name="Text">UTF-8, as it is hashed.</param>
internal readonly record struct ChannelText(int Choice, string Channel, ReadOnlyMemory<byte> Text);
