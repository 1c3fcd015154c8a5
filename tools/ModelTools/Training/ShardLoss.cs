namespace DeterministicInference.ModelTools.Training;

/// <summary>The outcome of a forward pass.</summary>
/// <param name="Sum">Sum of −ln p(target) over the targets, in nats.</param>
/// <param name="Targets">Number of targets.</param>
/// <param name="Correct">Targets that no other token outscored.</param>
internal readonly record struct ShardLoss(double Sum, int Targets, int Correct)
{
    public double Mean => Targets == 0 ? 0 : Sum / Targets;

    public double Accuracy => Targets == 0 ? 0 : (double)Correct / Targets;

    public static ShardLoss operator +(ShardLoss left, ShardLoss right) =>
        new(left.Sum + right.Sum, left.Targets + right.Targets, left.Correct + right.Correct);
}
