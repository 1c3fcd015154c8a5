using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Receipts.Witnesses;

/// <param name="Policy">Whose cosignatures a checkpoint must have.</param>
internal sealed record WitnessSettings(WitnessPolicy Policy)
{
    /// <summary>Whether an answer waits until its receipt is under a checkpoint with a quorum.</summary>
    public bool Waits { get; init; }

    /// <summary>Longest time of a request to a witness, and of the wait of an answer.</summary>
    public TimeSpan Timeout { get; init; } = new ServeOptions().WitnessTimeout;

    /// <summary>
    /// Least time between two checkpoints that are sent to witnesses where no answer waits for them: each costs the
    /// witness a few syncs of its disk, and this server too.
    /// </summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Delay after the first failure of a witness; it doubles with each further one.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest such delay.</summary>
    public TimeSpan RetryDelayMax { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Longest such delay for a log that has ended, whose last checkpoint no answer waits for: a witness may never have
    /// known that log.
    /// </summary>
    public TimeSpan ClosedRetryDelayMax { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The settings of valid options; null where no policy is set.</summary>
    public static WitnessSettings? Of(ServeOptions options) =>
        options.WitnessPolicy is null
            ? null
            : new WitnessSettings(WitnessPolicyFile.Read(options.WitnessPolicy))
            {
                Waits = options.WitnessMode == WitnessMode.Wait,
                Timeout = options.WitnessTimeout,
            };
}
