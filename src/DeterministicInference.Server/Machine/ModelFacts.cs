namespace DeterministicInference.Server.Machine;

/// <summary>
/// Facts about a model that are visible without loading it. For a model that is only named on the hub nothing is
/// visible.
/// </summary>
internal sealed record ModelFacts
{
    /// <summary>Whether <c>--model-path</c> is a path on this machine that does not exist.</summary>
    public bool IsMissing { get; init; }

    /// <summary>Whether the model is a file or folder on this machine.</summary>
    public bool Exists { get; init; }

    /// <summary>Whether the model is a folder.</summary>
    public bool IsFolder { get; init; }

    /// <summary>
    /// Why no engine that loads folders of the hub's form can load it: continues "'path' …", with the remedy; else
    /// null.
    /// </summary>
    public string? FolderProblem { get; init; }

    /// <summary><c>architectures</c> of its <c>config.json</c>.</summary>
    public IReadOnlyList<string> Architectures { get; init; } = [];

    /// <summary>Whether the model's <c>config.json</c> has a number of experts.</summary>
    public bool IsMixtureOfExperts { get; init; }

    /// <summary>How its weights are quantised, according to its <c>config.json</c>; null if they are not.</summary>
    public string? Quantization { get; init; }

    /// <summary>
    /// GGUF files that can be loaded: the file itself, or those of the folder; for a split model the first part.
    /// </summary>
    public IReadOnlyList<string> GgufFiles { get; init; } = [];

    /// <summary>
    /// Whether the chat template uses the current time, so that the same request gives another prompt tomorrow.
    /// </summary>
    public bool TemplateUsesClock { get; init; }
}
