namespace DeterministicInference.ModelTools.Data;

/// <summary>One message of a conversation. The text is ASCII.</summary>
internal sealed record Turn(Role Role, string Text);
