namespace DeterministicInference.Receipts.Environments;

/// <summary>Who says that a fact is so, from the strongest to the weakest.</summary>
public enum FactSource
{
    /// <summary>The server looked itself.</summary>
    Measured,

    /// <summary>The engine said so.</summary>
    EngineReported,

    /// <summary>The operator said so.</summary>
    Declared,
}
