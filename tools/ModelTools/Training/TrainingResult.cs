namespace DeterministicInference.ModelTools.Training;

/// <summary>The outcome of a run.</summary>
/// <param name="Layout">Where the tensors lie in <paramref name="Weights"/>.</param>
/// <param name="Weights">The float32 masters.</param>
/// <param name="WeightsHash">SHA-256 of the masters, in hexadecimal.</param>
/// <param name="Steps">Steps done since the beginning, earlier runs included.</param>
/// <param name="Complete">Whether these are all steps of the recipe.</param>
/// <param name="LastLoss">Loss of the last step of this run.</param>
/// <param name="Validation">Loss on the validation documents, when the run is complete and there are any.</param>
internal sealed record TrainingResult(
    ParameterLayout Layout,
    float[] Weights,
    string WeightsHash,
    int Steps,
    bool Complete,
    ShardLoss LastLoss,
    ShardLoss? Validation
);
