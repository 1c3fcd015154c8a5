namespace DeterministicInference.ModelTools.Training;

/// <summary>What a run may choose freely: none of it changes the weights.</summary>
internal sealed record TrainerSettings
{
    /// <summary>Workers; more than the recipe's shards are of no use.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Where the checkpoint is kept; a run goes on from the one it finds there. Null: none.</summary>
    public string? CheckpointFolder { get; init; }

    /// <summary>Steps from one checkpoint to the next; the last step always writes one.</summary>
    public int CheckpointEvery { get; init; } = 250;

    /// <summary>Steps from one progress line to the next.</summary>
    public int ReportEvery { get; init; } = 50;

    /// <summary>Steps from one validation to the next; the last step is always validated.</summary>
    public int ValidateEvery { get; init; } = 250;

    /// <summary>Number of validation documents, from index 0 on.</summary>
    public int ValidationDocuments { get; init; } = 256;

    /// <summary>Receives the progress lines.</summary>
    public TextWriter Progress { get; init; } = TextWriter.Null;

    /// <summary>Stops after the step in progress, with a checkpoint.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>Stops with a checkpoint once so many steps are done, counted from the run's beginning.</summary>
    public int StopAfter { get; init; } = int.MaxValue;

    /// <summary>The arithmetic to use.</summary>
    public ITrainingKernels Kernels { get; init; } = FastestKernels.Create();
}
