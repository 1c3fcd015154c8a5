namespace DeterministicInference.Receipts.Environments;

/// <summary>A fact that the output may depend on.</summary>
/// <param name="Value">Printable text of at most 200 bytes, or <c>sha256:</c> and the hash of a longer one.</param>
/// <param name="Source">Who says so. Not part of the environment's id.</param>
public sealed record EnvironmentFact(string Value, FactSource Source);
