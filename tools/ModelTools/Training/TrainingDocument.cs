namespace DeterministicInference.ModelTools.Training;

/// <summary>One training text.</summary>
/// <param name="Tokens">Its token ids.</param>
/// <param name="IsTarget">Whether predicting token i from the tokens before it counts in the loss.</param>
internal sealed record TrainingDocument(int[] Tokens, bool[] IsTarget);
