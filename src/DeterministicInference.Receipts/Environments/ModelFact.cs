namespace DeterministicInference.Receipts.Environments;

/// <summary>Keys of the facts that say which weights compute, and the reason that they may have changed.</summary>
internal static class ModelFact
{
    /// <summary>The digest of the model's files.</summary>
    public const string Digest = "model.sha256";

    /// <summary>The name that whoever loads weights into a running engine gives them.</summary>
    public const string WeightVersion = "model.weight_version";

    /// <summary>The engine may serve, or has served meanwhile, other weights than those that were measured.</summary>
    public const string Changed = "model_changed";
}
