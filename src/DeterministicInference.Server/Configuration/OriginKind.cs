namespace DeterministicInference.Server.Configuration;

/// <summary>Where a value can come from; later ones win.</summary>
internal enum OriginKind
{
    Default,
    File,
    Variable,
    Flag,
}
