namespace DeterministicInference.ModelTools.Training;

/// <summary>Trains a model by a recipe: the same recipe gives the same weights, bit for bit, on every CPU.</summary>
internal static class Trainer
{
    /// <summary>
    /// Trains to the end of the recipe, or until the settings stop it; goes on from a checkpoint if there is one.
    /// </summary>
    /// <param name="recipe">What decides the weights.</param>
    /// <param name="training">Training document i; has to depend on i and the recipe's corpus only.</param>
    /// <param name="validation">Validation document i, or null for no validation.</param>
    /// <param name="settings">What does not decide them.</param>
    public static TrainingResult Run(
        TrainingRecipe recipe,
        Func<long, TrainingDocument> training,
        Func<long, TrainingDocument>? validation,
        TrainerSettings settings
    )
    {
        ParameterLayout layout = new(recipe.Shape);
        TrainingState? loaded = settings.CheckpointFolder is { } folder
            ? Checkpoint.TryLoad(folder, recipe, layout)
            : null;
        using TrainingState state = loaded ?? TrainingState.Create(recipe, layout);
        using TrainingSteps steps = new(recipe, layout, state, settings.Kernels, settings.Threads);
        using BatchProducer producer = new(new BatchPacker(recipe, training), state.NextDocument);
        List<Batch> held = validation is null ? [] : PackAll(recipe, validation, settings.ValidationDocuments);
        TrainerProgress progress = new(recipe, settings, state);
        progress.Started(resumed: loaded is not null);

        ShardLoss last = default;
        ShardLoss? validated = null;
        int end = Math.Min(recipe.Steps, settings.StopAfter);
        int saved = state.Step;
        while (state.Step < end && !settings.Cancellation.IsCancellationRequested)
        {
            Batch batch = producer.Take(CancellationToken.None);
            last = steps.Train(batch);
            progress.Stepped(batch, last);
            if (held.Count > 0 && (state.Step % settings.ValidateEvery == 0 || state.Step == recipe.Steps))
            {
                validated = steps.Evaluate(held);
                progress.Validated(validated.Value);
            }
            if (settings.CheckpointFolder is not null && state.Step % settings.CheckpointEvery == 0)
            {
                Checkpoint.Save(settings.CheckpointFolder, recipe, state);
                saved = state.Step;
            }
        }
        if (settings.CheckpointFolder is not null && saved != state.Step)
            Checkpoint.Save(settings.CheckpointFolder, recipe, state);

        bool complete = state.Step == recipe.Steps;
        if (complete && validated is null && held.Count > 0)
            validated = steps.Evaluate(held);
        string hash = state.WeightsHash;
        progress.Finished(hash);
        return new(layout, state.Weights.Span.ToArray(), hash, state.Step, complete, last, complete ? validated : null);
    }

    private static List<Batch> PackAll(TrainingRecipe recipe, Func<long, TrainingDocument> documents, int count)
    {
        BatchPacker packer = new(recipe, documents);
        List<Batch> batches = [];
        for (long next = 0; next < count; next = batches[^1].NextDocument)
            batches.Add(packer.Pack(next, count));
        return batches;
    }
}
