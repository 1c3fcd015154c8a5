namespace DeterministicInference.ModelTools.Training;

/// <summary>
/// Computes optimizer steps. Shards go to whichever worker is free, each into its own gradient; everything that joins
/// shards or blocks does so in their order.
/// </summary>
internal sealed unsafe class TrainingSteps : IDisposable
{
    private readonly TrainingRecipe _recipe;
    private readonly TrainingState _state;
    private readonly ITrainingKernels _kernels;
    private readonly WorkerPool _pool;
    private readonly IShardPass[] _passes;
    private readonly PackedWeights _packed;
    private readonly NativeBuffer[] _shardGradients;
    private readonly NativeBuffer _gradient;
    private readonly ParameterBlock[] _blocks;
    private readonly float[] _squares;

    public TrainingSteps(
        TrainingRecipe recipe,
        ParameterLayout layout,
        TrainingState state,
        ITrainingKernels kernels,
        int threads
    )
    {
        _recipe = recipe;
        _state = state;
        _kernels = kernels;
        _pool = new WorkerPool(Math.Min(threads, recipe.Shards));
        _passes = new IShardPass[_pool.Workers];
        for (int i = 0; i < _passes.Length; i++)
            _passes[i] = kernels.CreatePass(layout, recipe.ShardTokens, recipe.DocumentTokens);
        _packed = new PackedWeights(layout);
        _shardGradients = new NativeBuffer[recipe.Shards];
        for (int i = 0; i < _shardGradients.Length; i++)
            _shardGradients[i] = new NativeBuffer(layout.Length);
        _gradient = new NativeBuffer(layout.Length);
        _blocks = ParameterBlock.Divide(layout);
        _squares = new float[_blocks.Length];
        PackWeights();
    }

    /// <summary>Does one step: gradient, clipping, update. Returns the loss before the update.</summary>
    public ShardLoss Train(Batch batch)
    {
        ShardLoss[] losses = new ShardLoss[batch.Shards.Count];
        float lossScale = 1f / Math.Max(batch.Targets, 1);
        _pool.Run(
            batch.Shards.Count,
            (worker, shard) =>
                losses[shard] = _passes[worker]
                    .ForwardBackward(batch.Shards[shard], _packed, lossScale, _shardGradients[shard].Pointer)
        );
        _pool.Run(
            _blocks.Length,
            (_, i) =>
                _squares[i] = _kernels.SumGradients(
                    _shardGradients,
                    _blocks[i].Offset,
                    _blocks[i].Length,
                    _gradient.Pointer
                )
        );

        AdamWStep step = NextStep();
        _pool.Run(
            _blocks.Length,
            (_, i) =>
                _kernels.Update(
                    step,
                    _blocks[i].Decays ? (float)_recipe.WeightDecay : 0f,
                    _state,
                    _gradient.Pointer,
                    _blocks[i].Offset,
                    _blocks[i].Length
                )
        );
        PackWeights();
        _state.Step++;
        _state.NextDocument = batch.NextDocument;
        _state.Tokens += batch.Tokens;
        return Total(losses);
    }

    /// <summary>The loss of batches under the current weights.</summary>
    public ShardLoss Evaluate(IReadOnlyList<Batch> batches)
    {
        Shard[] shards = [.. batches.SelectMany(batch => batch.Shards).Where(shard => shard.Tokens.Count > 0)];
        ShardLoss[] losses = new ShardLoss[shards.Length];
        _pool.Run(shards.Length, (worker, i) => losses[i] = _passes[worker].Forward(shards[i], _packed));
        return Total(losses);
    }

    public void Dispose()
    {
        _pool.Dispose();
        foreach (IShardPass pass in _passes)
            pass.Dispose();
        foreach (NativeBuffer gradient in _shardGradients)
            gradient.Dispose();
        _gradient.Dispose();
        _packed.Dispose();
    }

    private AdamWStep NextStep()
    {
        double squares = 0;
        foreach (float square in _squares)
            squares += square;
        double norm = Math.Sqrt(squares);
        if (!double.IsFinite(norm))
            throw new InvalidOperationException($"The gradient of step {_state.Step} is not finite.");
        _state.Beta1Power *= _recipe.Beta1;
        _state.Beta2Power *= _recipe.Beta2;
        return new(
            LearningRate: (float)_recipe.LearningRate(_state.Step),
            GradientScale: norm > _recipe.ClipNorm ? (float)(_recipe.ClipNorm / norm) : 1f,
            Beta1: (float)_recipe.Beta1,
            Beta2: (float)_recipe.Beta2,
            Correction1: (float)(1 / (1 - _state.Beta1Power)),
            Correction2: (float)(1 / (1 - _state.Beta2Power)),
            Epsilon: (float)_recipe.Epsilon
        );
    }

    private void PackWeights() => _pool.Run(_packed.Count, (_, i) => _packed.Pack(i, _state.Weights.Pointer));

    private static ShardLoss Total(ShardLoss[] losses)
    {
        ShardLoss total = default;
        foreach (ShardLoss loss in losses)
            total += loss;
        return total;
    }
}
