using DeterministicInference.Engine.Forward;
using DeterministicInference.Engine.Scheduling;

namespace DeterministicInference.Engine.Tests.Scheduling;

/// <summary>
/// Observes every batch on the scheduler's thread, where it can also hold the scheduler or act between two steps.
/// </summary>
internal sealed class StepRecorder
{
    /// <summary>Time after which the scheduler counts as forgotten: it fails instead of waiting for ever.</summary>
    public static readonly TimeSpan LongestHold = TimeSpan.FromSeconds(60);

    private volatile TaskCompletionSource? _held;

    public StepRecorder(GenerationScheduler scheduler) => scheduler.BeforeStep = Record;

    /// <summary>The rows of each batch. To be read when the scheduler has nothing to do.</summary>
    public List<BatchRow[]> Steps { get; } = [];

    /// <summary>Called with the number of the step that is about to be computed, from 1.</summary>
    public Action<int>? OnStep { get; set; }

    /// <summary>The scheduler waits before its next step until <see cref="Open"/>.</summary>
    public void Hold() => _held = new TaskCompletionSource();

    public void Open() => _held!.SetResult();

    /// <summary>The sequences of a batch, in the order of its rows.</summary>
    public static object[] Sequences(BatchRow[] rows) => [.. rows.Select(row => (object)row.Cache).Distinct()];

    private void Record(IReadOnlyList<BatchRow> rows)
    {
        if (_held?.Task.Wait(LongestHold) == false)
            throw new TimeoutException("The scheduler is held and nobody lets it go.");
        Steps.Add([.. rows]);
        OnStep?.Invoke(Steps.Count);
    }
}
