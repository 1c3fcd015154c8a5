using DeterministicInference.Engine.Scheduling;
using DeterministicInference.Engine.Tests.Model;
using Xunit;

namespace DeterministicInference.Engine.Tests.Scheduling;

/// <summary>The workload fits every context that holds its prompt and its sample.</summary>
public sealed class WorkloadDigestTests
{
    [Theory]
    [InlineData(140)]
    [InlineData(400)]
    [InlineData(512)]
    public async Task Other_sequences_may_run_beside_in_any_context(int positions)
    {
        using TemporaryModel model = new(TemporaryModel.Tiny with { MaxPositions = positions });
        using EmbeddedEngine engine = model.Load();

        WorkloadDigest alone = await WorkloadDigest.ComputeAsync(engine, 0, TestContext.Current.CancellationToken);

        Assert.Equal(alone, await WorkloadDigest.ComputeAsync(engine, 8, TestContext.Current.CancellationToken));
    }
}
