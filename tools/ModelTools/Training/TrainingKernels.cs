using System.Runtime.Intrinsics;
using DeterministicInference.Engine.Arithmetic;

namespace DeterministicInference.ModelTools.Training;

/// <summary><see cref="ITrainingKernels"/> in one implementation of the lanes.</summary>
internal sealed unsafe class TrainingKernels<TLanes> : ITrainingKernels
    where TLanes : struct, ILanes<TLanes>
{
    private const int Step = ILanes<TLanes>.Count;

    public IShardPass CreatePass(ParameterLayout layout, int maxTokens, int maxDocument) =>
        new ShardPass<TLanes>(layout, maxTokens, maxDocument);

    public float SumGradients(IReadOnlyList<NativeBuffer> gradients, int offset, int length, float* total)
    {
        TLanes squares = TLanes.Broadcast(0f);
        for (int i = offset; i < offset + length; i += Step)
        {
            TLanes sum = TLanes.Load(gradients[0].Pointer + i);
            for (int shard = 1; shard < gradients.Count; shard++)
                sum = TLanes.Add(sum, TLanes.Load(gradients[shard].Pointer + i));
            TLanes.Store(sum, total + i);
            squares = TLanes.FusedMultiplyAdd(sum, sum, squares);
        }
        return TLanes.Sum(squares);
    }

    public void Update(in AdamWStep step, float decay, TrainingState state, float* gradient, int offset, int length)
    {
        float* weights = state.Weights.Pointer;
        float* first = state.FirstMoments.Pointer;
        float* second = state.SecondMoments.Pointer;
        TLanes scale = TLanes.Broadcast(step.GradientScale);
        TLanes beta1 = TLanes.Broadcast(step.Beta1),
            rest1 = TLanes.Broadcast(1f - step.Beta1);
        TLanes beta2 = TLanes.Broadcast(step.Beta2),
            rest2 = TLanes.Broadcast(1f - step.Beta2);
        TLanes correction1 = TLanes.Broadcast(step.Correction1),
            correction2 = TLanes.Broadcast(step.Correction2);
        TLanes epsilon = TLanes.Broadcast(step.Epsilon);
        TLanes rate = TLanes.Broadcast(-step.LearningRate),
            keep = TLanes.Broadcast(1f - step.LearningRate * decay);
        float* roots = stackalloc float[Step];
        for (int i = offset; i < offset + length; i += Step)
        {
            TLanes g = TLanes.Multiply(TLanes.Load(gradient + i), scale);
            TLanes m = TLanes.FusedMultiplyAdd(g, rest1, TLanes.Multiply(TLanes.Load(first + i), beta1));
            TLanes v = TLanes.FusedMultiplyAdd(
                TLanes.Multiply(g, g),
                rest2,
                TLanes.Multiply(TLanes.Load(second + i), beta2)
            );
            TLanes.Store(m, first + i);
            TLanes.Store(v, second + i);
            TLanes.Store(TLanes.Multiply(v, correction2), roots);
            for (int lane = 0; lane < Step; lane += 4)
                Vector128.Sqrt(Vector128.Load(roots + lane)).Store(roots + lane);
            TLanes change = TLanes.Divide(TLanes.Multiply(m, correction1), TLanes.Add(TLanes.Load(roots), epsilon));
            TLanes.Store(
                TLanes.FusedMultiplyAdd(rate, change, TLanes.Multiply(TLanes.Load(weights + i), keep)),
                weights + i
            );
        }
    }
}
