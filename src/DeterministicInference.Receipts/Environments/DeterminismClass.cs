namespace DeterministicInference.Receipts.Environments;

/// <summary>What an environment promises.</summary>
public enum DeterminismClass
{
    /// <summary>The same request gives the same output within the environment.</summary>
    Deterministic,

    /// <summary>Nothing.</summary>
    BestEffort,
}
