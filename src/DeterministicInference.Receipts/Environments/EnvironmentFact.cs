namespace DeterministicInference.Receipts.Environments;

/// <summary>A fact that the output may depend on.</summary>
/// <param name="Value">Printable text of at most 200 bytes, or <c>sha256:</c> and the hash of a longer one.</param>
/// <param name="Source">Who says so. Not part of the environment's id.</param>
internal sealed record EnvironmentFact(string Value, FactSource Source);

/// <summary>Who says that a fact is so, from the strongest to the weakest.</summary>
internal enum FactSource
{
    /// <summary>The server looked itself.</summary>
    Measured,

    /// <summary>The engine said so.</summary>
    EngineReported,

    /// <summary>The operator said so.</summary>
    Declared,
}
