using DeterministicInference.ModelTools.Training;
using Xunit;

namespace ModelTools.Tests.Training;

/// <summary>The trainer learns, reports what it does, and hands on the errors of its documents.</summary>
public sealed class LearningTests
{
    [Fact]
    public void The_loss_of_a_regular_language_falls_on_documents_never_seen()
    {
        TrainingRecipe recipe = TrainingCheck.Recipe(300) with { ShardTokens = 128 };
        TrainerSettings settings = new() { ValidationDocuments = 64 };

        TrainingResult result = Trainer.Run(
            recipe,
            TrainingCheck.Document,
            i => TrainingCheck.Document(i + 1_000_000),
            settings
        );

        Assert.NotNull(result.Validation);
        Assert.True(
            result.Validation.Value.Mean < 0.2,
            $"Validation loss {result.Validation.Value.Mean}; untrained: 4.6."
        );
        Assert.True(result.Validation.Value.Accuracy > 0.95, $"Accuracy {result.Validation.Value.Accuracy}.");
    }

    [Fact]
    public void Progress_names_recipe_steps_losses_and_the_final_hash()
    {
        using StringWriter progress = new();
        TrainingRecipe recipe = TrainingCheck.Recipe(10);
        TrainerSettings settings = new()
        {
            Progress = progress,
            ReportEvery = 5,
            ValidateEvery = 10,
            ValidationDocuments = 8,
        };

        TrainingResult result = Trainer.Run(recipe, TrainingCheck.Document, TrainingCheck.Document, settings);

        string[] lines = progress.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal($"recipe {recipe.Identity}", lines[0]);
        Assert.Contains(lines, line => line.StartsWith("step      5  tokens", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("step     10  validation loss", StringComparison.Ordinal));
        Assert.Equal($"step 10  weights {result.WeightsHash}", lines[^1]);
    }

    [Fact]
    public void An_exception_of_the_document_source_reaches_the_caller()
    {
        TrainingDocument Documents(long index) =>
            index < 40 ? TrainingCheck.Document(index) : throw new FormatException("document 40 is broken");

        FormatException error = Assert.Throws<FormatException>(() =>
            Trainer.Run(TrainingCheck.Recipe(30), Documents, null, new())
        );
        Assert.Equal("document 40 is broken", error.Message);
    }

    [Fact]
    public void An_empty_document_is_an_error_and_not_an_endless_wait()
    {
        TrainingDocument Documents(long index) => index < 40 ? TrainingCheck.Document(index) : new([], []);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() =>
            Trainer.Run(TrainingCheck.Recipe(30), Documents, null, new())
        );
        Assert.Equal("Document 40 is empty.", error.Message);
    }
}
