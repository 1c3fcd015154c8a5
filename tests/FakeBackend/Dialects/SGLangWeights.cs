namespace DeterministicInference.FakeBackend.Dialects;

/// <summary>The weights that are served, which <c>/update_weights_from_disk</c> exchanges.</summary>
/// <param name="path">The path at the start.</param>
/// <param name="version">Their name at the start.</param>
internal sealed class SGLangWeights(string path, string version)
{
    public string Path { get; set; } = path;

    public string Version { get; set; } = version;
}
