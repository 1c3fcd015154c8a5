namespace DeterministicInference.Server.Backends;

/// <summary>
/// Judges a running engine by two signs of life: probes that pass, and bytes on requests in flight. A busy engine may fail
/// probes, and one that works on a long prompt may send nothing for minutes: only the lack of both, for long enough, is
/// a reason to doubt it. One writer; not safe for concurrent use.
/// </summary>
/// <param name="activity">What the requests in flight show.</param>
/// <param name="hangAfter">Without a sign of life for so long the engine hangs.</param>
/// <param name="time">The clock.</param>
internal sealed class EngineHealth(EngineActivity activity, TimeSpan hangAfter, TimeProvider time)
{
    /// <summary>One failed probe, or two, may be a hiccup.</summary>
    public const int Threshold = 3;

    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(30);

    private long _lastPass = time.GetTimestamp();
    private long _lastFailure;
    private int _failures;
    private string? _problem;

    /// <summary>Whether the next probe should reach into the engine: something failed, or everybody has waited for long.</summary>
    public bool IsSuspect => _problem is not null || activity.Silence >= (hangAfter / 4 < LongestSilence ? hangAfter / 4 : LongestSilence);

    /// <summary>Several probes have failed in a row, and no byte came meanwhile.</summary>
    public bool IsUnhealthy => _failures >= Threshold && !HasMovedSinceFailure;

    /// <summary>So it has been for long enough.</summary>
    public bool IsHanging => IsUnhealthy && SinceLife >= hangAfter;

    /// <summary>What is wrong; null where nothing is.</summary>
    public string? Detail => _problem is null ? null
        : IsUnhealthy ? $"{_problem}; no sign of life for {SinceLife.TotalSeconds:F0} s"
        : activity.InFlight > 0 ? $"{_problem}; requests in flight had their last byte {activity.Silence.TotalSeconds:F0} s ago" : _problem;

    private bool HasMovedSinceFailure => activity.SinceByte < time.GetElapsedTime(_lastFailure);

    private TimeSpan SinceLife
    {
        get
        {
            TimeSpan sincePass = time.GetElapsedTime(_lastPass), sinceByte = activity.SinceByte;
            return sincePass < sinceByte ? sincePass : sinceByte;
        }
    }

    public void Passed() => (_failures, _problem, _lastPass) = (0, null, time.GetTimestamp());

    /// <param name="problem">Why the probe did not pass.</param>
    public void Failed(string problem)
    {
        // A byte between two failures makes the second one the first.
        if (_failures > 0 && HasMovedSinceFailure) _failures = 0;
        _failures++;
        _lastFailure = time.GetTimestamp();
        _problem = problem;
    }
}
