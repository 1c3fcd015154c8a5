namespace DeterministicInference.Server.Backends.Preflight;

/// <summary>Something about an engine, its settings or the machine that bears on what its answers are worth.</summary>
/// <param name="Kind">What follows from it.</param>
/// <param name="Code">Its name for programs; docs/operations.md lists them.</param>
/// <param name="Text">One line for people: what it is, and the remedy.</param>
internal sealed record Finding(FindingKind Kind, string Code, string Text)
{
    public static Finding Note(string code, string text) => new(FindingKind.Note, code, text);

    public static Finding Undermines(string code, string text) => new(FindingKind.Undermines, code, text);

    public static Finding Refused(string code, string text) => new(FindingKind.Refused, code, text);
}
