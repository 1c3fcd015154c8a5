namespace DeterministicInference.Server.Backends.Preflight;

/// <summary>What can be seen of a model without loading it. Of a model that is only a name on the hub nothing can.</summary>
internal sealed record ModelFacts
{
    /// <summary>Whether <c>--model-path</c> is a path on this machine to nothing.</summary>
    public bool IsMissing { get; init; }

    /// <summary>Whether it is a folder.</summary>
    public bool IsFolder { get; init; }

    /// <summary><c>architectures</c> of its <c>config.json</c>.</summary>
    public IReadOnlyList<string> Architectures { get; init; } = [];

    /// <summary>Whether its <c>config.json</c> counts experts.</summary>
    public bool IsMixtureOfExperts { get; init; }

    /// <summary>GGUF files that can be loaded: the file itself or those of the folder; of a split model the first part.</summary>
    public IReadOnlyList<string> GgufFiles { get; init; } = [];

    /// <summary>Whether its chat template asks for the time, so that the same request is another prompt tomorrow.</summary>
    public bool TemplateUsesClock { get; init; }
}
