namespace DeterministicInference.ModelTools.Training;

/// <summary>The model's computation on one shard; each worker has its own.</summary>
internal unsafe interface IShardPass : IDisposable
{
    /// <summary>The loss alone.</summary>
    ShardLoss Forward(Shard shard, PackedWeights weights);

    /// <summary>The loss, and the gradient of lossScale · its sum.</summary>
    /// <param name="gradient">Receives the gradient of every parameter; what it held is overwritten.</param>
    ShardLoss ForwardBackward(Shard shard, PackedWeights weights, float lossScale, float* gradient);
}
