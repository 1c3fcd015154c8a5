namespace DeterministicInference.Server.Engines;

/// <summary>The consequence of a <see cref="Finding"/>.</summary>
internal enum FindingKind
{
    /// <summary>Informational; determinism is not affected.</summary>
    Note,

    /// <summary>The engine runs, but its answers are best-effort.</summary>
    Degrades,

    /// <summary>The engine is not started.</summary>
    Refused,
}

/// <summary>A finding about an engine, its settings or the machine that affects determinism.</summary>
/// <param name="Kind">The consequence.</param>
/// <param name="Code">Name for programs; docs/operations.md lists all codes.</param>
/// <param name="Text">One line of text: the finding and the remedy.</param>
internal sealed record Finding(FindingKind Kind, string Code, string Text)
{
    /// <summary>
    /// Whether only the running engine could reveal it; otherwise it is known before a launch, and doctor shows it too.
    /// </summary>
    public bool NeedsEngine { get; init; }

    public static Finding Note(string code, string text) => new(FindingKind.Note, code, text);

    public static Finding Degrades(string code, string text) => new(FindingKind.Degrades, code, text);

    public static Finding Refused(string code, string text) => new(FindingKind.Refused, code, text);
}

/// <summary>A check that needs the running engine.</summary>
/// <param name="Question">The subject, as an indirect question: "whether …", "which …".</param>
/// <param name="Codes">Codes of the possible findings.</param>
internal sealed record PendingCheck(string Question, IReadOnlyList<string> Codes);
