namespace DeterministicInference.Server.Engines;

/// <summary>The engine can't be started or has ended; the message contains the remedy.</summary>
internal sealed class EngineFailureException(string message) : Exception(message)
{
    /// <summary>The engine can't be used because of a finding that its assessment does not have yet.</summary>
    public EngineFailureException(Finding finding)
        : this(finding.Text) => Finding = finding;

    /// <summary>The finding; null for a failure that is none.</summary>
    public Finding? Finding { get; }
}
