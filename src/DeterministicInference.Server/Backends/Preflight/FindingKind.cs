namespace DeterministicInference.Server.Backends.Preflight;

/// <summary>What follows from a <see cref="Finding"/>.</summary>
internal enum FindingKind
{
    /// <summary>Worth knowing; the promise stands.</summary>
    Note,

    /// <summary>The engine runs, and its answers are best-effort.</summary>
    Undermines,

    /// <summary>The engine is not started.</summary>
    Refused,
}
