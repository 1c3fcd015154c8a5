namespace DeterministicInference.Server.Configuration;

/// <summary>A setting's text as given in a file, a variable or on the command line.</summary>
/// <param name="Setting">The setting.</param>
/// <param name="Text">The text as written; empty where there is none.</param>
/// <param name="Origin">Where it was given.</param>
/// <param name="Complaint">Why there is no usable text: continues the sentence "'text' …"; null otherwise.</param>
internal sealed record GivenValue(Setting Setting, string Text, Origin Origin, string? Complaint = null);
