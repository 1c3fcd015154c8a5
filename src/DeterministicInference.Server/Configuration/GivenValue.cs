namespace DeterministicInference.Server.Configuration;

/// <summary>A setting's text as it stands in a file, a variable or on the command line.</summary>
/// <param name="Setting">Whose value it is.</param>
/// <param name="Text">As it was written; empty where nothing was.</param>
/// <param name="Origin">Where it stands.</param>
/// <param name="Complaint">Why it is no text at all, where that is so: continues the sentence "'text' …".</param>
internal sealed record GivenValue(Setting Setting, string Text, Origin Origin, string? Complaint = null);
