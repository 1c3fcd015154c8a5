using DeterministicInference.Engine;
using DeterministicInference.Engine.Scheduling;
using DeterministicInference.Server.Engines.Embedded;

namespace DeterministicInference.Server.Cli.Doctor;

/// <summary>
/// Digests of a fixed workload of the embedded engine, which are the same on every machine for the same weights. Two
/// lines are enough to compare machines, builds or settings.
/// </summary>
/// <param name="Model">The model's name.</param>
/// <param name="Instructions">The instruction set in use.</param>
/// <param name="Schedule">The schedule in words.</param>
/// <param name="Logits">SHA-256 of the logits.</param>
/// <param name="Sampled">SHA-256 of the sampled tokens.</param>
internal sealed record EmbeddedDigests(
    string Model,
    string Instructions,
    string Schedule,
    string Logits,
    string Sampled
)
{
    public static string Numerics => $"{EmbeddedEngine.NumericsVersion}";

    /// <param name="options">Options of the engine.</param>
    /// <param name="beside">Other sequences generated at the same time.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    public static async Task<EmbeddedDigests> ComputeAsync(
        EmbeddedEngineOptions options,
        int beside,
        CancellationToken cancellation
    )
    {
        Engine.Arithmetic.Instructions.Use(options.Instructions);
        using EmbeddedEngine engine = EmbeddedEngine.Load(options.ModelFolder, EmbeddedServer.Limits(options));
        WorkloadDigest digest = await WorkloadDigest.ComputeAsync(engine, beside, cancellation);
        return new EmbeddedDigests(
            engine.ModelName,
            Engine.Arithmetic.Instructions.Name,
            $"{options.Threads}, prefill chunk {options.PrefillChunk}, {beside} other sequences",
            digest.Logits,
            digest.Sampled
        );
    }
}
