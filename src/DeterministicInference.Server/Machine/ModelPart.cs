namespace DeterministicInference.Server.Machine;

/// <summary>Files that an engine loads.</summary>
/// <param name="Name">
/// Name of the part; its fact is <c>Name.sha256</c>: <c>model</c>, <c>draft</c>, <c>adapter.0</c>.
/// </param>
/// <param name="Reference">A file or folder, or a name on the model hub.</param>
/// <param name="Revision">Revision on the hub; null is <c>main</c>.</param>
internal sealed record ModelPart(string Name, string Reference, string? Revision = null)
{
    public const string Model = "model";

    /// <summary>Name of the fact with the digest.</summary>
    public string Fact => Name + ".sha256";
}
