namespace DeterministicInference.Server.Backends.Guard;

/// <summary>How far a guard is.</summary>
internal enum GuardPhase
{
    /// <summary>Its child runs, and nobody asked it to stop.</summary>
    Running,

    /// <summary>The child was asked to end.</summary>
    Stopping,

    /// <summary>The child has ended; what it left may end by itself for a moment.</summary>
    Settling,

    /// <summary>Everything that is left is killed until the kernel says that nothing is.</summary>
    Sweeping,
}
