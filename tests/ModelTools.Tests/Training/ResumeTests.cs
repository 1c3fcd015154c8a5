using DeterministicInference.ModelTools.Training;
using Xunit;

namespace ModelTools.Tests.Training;

/// <summary>A run that was stopped and goes on from its checkpoint ends in the same weights.</summary>
public sealed class ResumeTests : IDisposable
{
    private static readonly TrainingRecipe Recipe = TrainingCheck.Recipe(30);
    private readonly string _folder = Directory.CreateTempSubdirectory("training-resume-").FullName;

    [Fact]
    public void A_run_stopped_twice_ends_in_the_weights_of_an_unbroken_run()
    {
        string unbroken = Trainer.Run(Recipe, TrainingCheck.Document, null, new()).WeightsHash;

        TrainingResult first = Run(stopAfter: 7);
        TrainingResult second = Run(stopAfter: 19);
        TrainingResult last = Run(stopAfter: int.MaxValue);

        Assert.Equal([7, 19, 30], new[] { first.Steps, second.Steps, last.Steps });
        Assert.Equal([false, false, true], new[] { first.Complete, second.Complete, last.Complete });
        Assert.Equal(unbroken, last.WeightsHash);
    }

    [Fact]
    public void A_cancelled_run_saves_and_goes_on_where_it_stopped()
    {
        using CancellationTokenSource source = new();
        TrainerSettings cancelling = new() { CheckpointFolder = _folder, Cancellation = source.Token };

        TrainingResult stopped = Trainer.Run(Recipe, CancelAtDocument150, null, cancelling);
        TrainingResult resumed = Run(stopAfter: int.MaxValue);

        Assert.InRange(stopped.Steps, 1, Recipe.Steps - 1);
        Assert.Equal(Trainer.Run(Recipe, TrainingCheck.Document, null, new()).WeightsHash, resumed.WeightsHash);

        // Batches are made a few steps ahead, and a step has about nine documents: this is in the middle of the run.
        TrainingDocument CancelAtDocument150(long index)
        {
            if (index == 150)
                source.Cancel();
            return TrainingCheck.Document(index);
        }
    }

    [Fact]
    public void A_finished_run_is_not_trained_further()
    {
        TrainingResult once = Run(stopAfter: int.MaxValue);
        TrainingResult again = Run(stopAfter: int.MaxValue);

        Assert.Equal(once.WeightsHash, again.WeightsHash);
        Assert.Equal(once.Weights, again.Weights);
    }

    [Fact]
    public void A_checkpoint_of_another_recipe_is_refused()
    {
        Run(stopAfter: 3);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() =>
            Trainer.Run(
                Recipe with
                {
                    Corpus = "another",
                },
                TrainingCheck.Document,
                null,
                new() { CheckpointFolder = _folder }
            )
        );
        Assert.Contains("another recipe", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_checkpoint_is_refused()
    {
        Run(stopAfter: 3);
        string path = Assert.Single(Directory.GetFiles(_folder));
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^1000] ^= 1;
        File.WriteAllBytes(path, bytes);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Run(stopAfter: 4));
        Assert.Contains("damaged", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private TrainingResult Run(int stopAfter) =>
        Trainer.Run(
            Recipe,
            TrainingCheck.Document,
            null,
            new()
            {
                CheckpointFolder = _folder,
                CheckpointEvery = 5,
                StopAfter = stopAfter,
            }
        );
}
