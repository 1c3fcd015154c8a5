using System.Diagnostics;
using DeterministicInference.Engine.Arithmetic;
using DeterministicInference.ModelTools.Training;
using Xunit;

namespace ModelTools.Tests.Training;

/// <summary>The same recipe gives the same weights whatever computes them, and another recipe gives others.</summary>
public sealed class TrainingDeterminismTests
{
    private const int Steps = 50;

    // Weights after ten steps of the check recipe. A change means that the arithmetic has changed: raise
    // TrainingRecipe.NumericsVersion and train the bundled model anew.
    private const string TenSteps = "72073405110bf75f13bdda22dbfd53a0ef9d11ccce384f041b11877223b86e87";

    private static readonly string Expected = Train(new() { Threads = 1 });

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(9)]
    public void Every_number_of_threads_gives_the_same_weights(int threads)
    {
        Assert.Equal(Expected, Train(new() { Threads = threads }));
    }

    [Fact]
    public void Every_vector_width_gives_the_same_weights()
    {
        ITrainingKernels[] all =
        [
            new TrainingKernels<LanesScalar>(),
            new TrainingKernels<Lanes128>(),
            new TrainingKernels<Lanes256>(),
            new TrainingKernels<Lanes512>(),
        ];

        Assert.All(all, kernels => Assert.Equal(TenSteps, Train(new() { Kernels = kernels }, steps: 10)));
    }

    [Theory]
    [InlineData("DOTNET_EnableAVX512")]
    [InlineData("DOTNET_EnableAVX2")]
    [InlineData("DOTNET_EnableHWIntrinsic")]
    public void A_process_without_the_instructions_gives_the_same_weights(string switchedOff)
    {
        Assert.Equal(Expected, TrainInChild(switchedOff));
    }

    [Fact]
    public void Summing_the_shards_in_another_order_gives_other_weights()
    {
        Assert.NotEqual(Expected, Train(new() { Kernels = new ReversedShards(FastestKernels.Create()) }));
    }

    [Fact]
    public void Swapping_two_documents_gives_other_weights()
    {
        string swapped = Trainer
            .Run(TrainingCheck.Recipe(Steps), i => TrainingCheck.Document(i ^ 1), null, new())
            .WeightsHash;

        Assert.NotEqual(Expected, swapped);
    }

    [Fact]
    public void Another_shard_size_gives_other_weights()
    {
        TrainingRecipe recipe = TrainingCheck.Recipe(Steps) with { ShardTokens = 64 };

        Assert.NotEqual(Expected, Trainer.Run(recipe, TrainingCheck.Document, null, new()).WeightsHash);
    }

    [Fact]
    public void Validation_does_not_touch_the_weights()
    {
        TrainerSettings settings = new() { ValidateEvery = 3, ValidationDocuments = 20 };

        TrainingResult result = Trainer.Run(
            TrainingCheck.Recipe(Steps),
            TrainingCheck.Document,
            i => TrainingCheck.Document(i + 1_000_000),
            settings
        );

        Assert.Equal(Expected, result.WeightsHash);
        Assert.NotNull(result.Validation);
    }

    private static string Train(TrainerSettings settings, int steps = Steps) =>
        Trainer.Run(TrainingCheck.Recipe(steps), TrainingCheck.Document, null, settings).WeightsHash;

    private static string TrainInChild(string switchedOff)
    {
        string program = Path.Combine(
            AppContext.BaseDirectory,
            OperatingSystem.IsWindows() ? "ModelTools.exe" : "ModelTools"
        );
        ProcessStartInfo start = new(program, ["train-check", "--steps", $"{Steps}", "--threads", "2"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[switchedOff] = "0";
        using Process child = Process.Start(start)!;
        Task<string> errors = child.StandardError.ReadToEndAsync();
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        Assert.True(child.ExitCode == 0, $"{switchedOff}=0: exit code {child.ExitCode}: {errors.Result}");
        return output.Trim();
    }

    /// <summary>Sums the shards' gradients from the last to the first.</summary>
    private sealed unsafe class ReversedShards(ITrainingKernels kernels) : ITrainingKernels
    {
        public IShardPass CreatePass(ParameterLayout layout, int maxTokens, int maxDocument) =>
            kernels.CreatePass(layout, maxTokens, maxDocument);

        public float SumGradients(IReadOnlyList<NativeBuffer> gradients, int offset, int length, float* total) =>
            kernels.SumGradients([.. gradients.Reverse()], offset, length, total);

        public void Update(
            in AdamWStep step,
            float decay,
            TrainingState state,
            float* gradient,
            int offset,
            int length
        ) => kernels.Update(step, decay, state, gradient, offset, length);
    }
}
