using DeterministicInference.Receipts.Environments;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Receipts.Store;

namespace DeterministicInference.Server.Assessment;

/// <summary>Publishes the environment of a completed assessment, which receipts then name.</summary>
internal sealed partial class EnvironmentPublisher(EnvironmentRegistry registry, ILogger logger)
{
    /// <summary>Makes this environment the current one.</summary>
    /// <exception cref="EngineFailureException">
    /// The environment can't be stored, without which receipts can't be issued.
    /// </exception>
    public async Task PublishAsync(EngineAssessment assessment, CancellationToken stop)
    {
        InferenceEnvironment environment = assessment.ToEnvironment();
        bool isNew = registry.Current?.Id != environment.Id;
        RequireStored(await registry.PublishAsync(environment, stop));
        if (isNew)
            Computed(environment.Id.ToString(), environment.Facts.Count);
    }

    /// <summary>
    /// Makes the receipts of answers that are computed at present best-effort: with which weights is not known.
    /// </summary>
    /// <inheritdoc cref="PublishAsync"/>
    public async Task DoubtAsync(CancellationToken stop)
    {
        if (registry.Current is { } current)
            RequireStored(await registry.DoubtAsync(current, stop));
    }

    /// <summary>Ends the doubt: the weights are those that were measured.</summary>
    /// <inheritdoc cref="PublishAsync"/>
    public async Task RestoreAsync(CancellationToken stop) => RequireStored(await registry.RestoreAsync(stop));

    private static void RequireStored(bool isStored)
    {
        if (!isStored)
        {
            throw new EngineFailureException(
                "The environment's description can't be stored, so receipts would name an environment that can't "
                    + "be looked up. Free space in --data-dir, or use --receipts off."
            );
        }
    }

    [LoggerMessage(LogLevel.Information, "Environment {Id}: {Facts} facts; GET /v1/environment shows them")]
    private partial void Computed(string id, int facts);
}
