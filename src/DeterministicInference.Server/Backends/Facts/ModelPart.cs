namespace DeterministicInference.Server.Backends.Facts;

/// <summary>Files that an engine loads.</summary>
/// <param name="Name">Of the fact, which is called <c>Name.sha256</c>: <c>model</c>, <c>draft</c>, <c>adapter.0</c>.</param>
/// <param name="Reference">A file or folder, or a name on the model hub.</param>
/// <param name="Revision">Of the hub's; null is <c>main</c>.</param>
internal sealed record ModelPart(string Name, string Reference, string? Revision = null)
{
    public const string Model = "model";

    /// <summary>The fact with its digest.</summary>
    public string Fact => Name + ".sha256";
}
