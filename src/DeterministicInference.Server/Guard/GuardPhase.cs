namespace DeterministicInference.Server.Guard;

/// <summary>What a guard is doing.</summary>
internal enum GuardPhase
{
    /// <summary>The child runs, and no stop was requested.</summary>
    Running,

    /// <summary>The child was asked to end.</summary>
    Stopping,

    /// <summary>The child has ended; what it has left is given a moment to end by itself.</summary>
    Settling,

    /// <summary>Everything that is left is killed until the kernel reports that nothing is.</summary>
    Sweeping,
}
