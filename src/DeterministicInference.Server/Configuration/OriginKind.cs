namespace DeterministicInference.Server.Configuration;

/// <summary>Sources of values; later ones override earlier ones.</summary>
internal enum OriginKind
{
    Default,
    File,
    Variable,
    Flag,
}
