namespace DeterministicInference.Server.Supervision;

/// <summary>
/// Judges a running engine by two signs of life: probes that pass, and bytes on requests in flight. A busy engine may
/// fail probes, and one that works on a long prompt may send nothing for minutes: only the lack of both, for long
/// enough, means that it hangs. Not thread-safe.
/// </summary>
/// <param name="activity">Activity of the requests in flight.</param>
/// <param name="hangAfter">An engine without a sign of life for this long hangs.</param>
/// <param name="time">The clock.</param>
internal sealed class EngineHealth(EngineActivity activity, TimeSpan hangAfter, TimeProvider time)
{
    /// <summary>Failed probes in a row from which on an engine is unhealthy: one or two may be chance.</summary>
    public const int Threshold = 3;

    /// <summary>
    /// An engine that says that it is ending answers its health check for some seconds more: SGLang for 5 to 7, vLLM
    /// for up to 3. Only a probe that passes later contradicts it.
    /// </summary>
    public static readonly TimeSpan Doubt = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(30);

    private long _lastPass = time.GetTimestamp();
    private long _lastFailure;
    private int _failures;
    private string? _problem;
    private long? _endingSince;

    /// <summary>Whether the engine has said that it is ending, and no probe has contradicted it.</summary>
    public bool IsEnding => _endingSince is not null;

    /// <summary>Whether a probe that passes now would say nothing.</summary>
    public bool IsBeyondProbes => _endingSince is { } since && time.GetElapsedTime(since) < Doubt;

    /// <summary>
    /// Whether the next probe should test the computation: a probe failed, or all requests in flight have waited for
    /// long.
    /// </summary>
    public bool IsSuspect =>
        _problem is not null || activity.Silence >= (hangAfter / 4 < LongestSilence ? hangAfter / 4 : LongestSilence);

    /// <summary>
    /// Whether it says that it is ending, or several probes have failed in a row without a byte meanwhile.
    /// </summary>
    public bool IsUnhealthy => IsEnding || (_failures >= Threshold && !HasMovedSinceFailure);

    /// <summary>Whether the engine has been unhealthy for at least the hang time.</summary>
    public bool IsHanging => IsUnhealthy && SinceLife >= hangAfter;

    /// <summary>The problem; null if there is none.</summary>
    public string? Detail =>
        _problem is null ? null
        : IsUnhealthy ? $"{_problem}; no sign of life for {SinceLife.TotalSeconds:F0} s"
        : activity.InFlight > 0
            ? $"{_problem}; requests in flight had their last byte {activity.Silence.TotalSeconds:F0} s ago"
        : _problem;

    private bool HasMovedSinceFailure => activity.SinceByte < time.GetElapsedTime(_lastFailure);

    private TimeSpan SinceLife
    {
        get
        {
            TimeSpan sincePass = time.GetElapsedTime(_lastPass),
                sinceByte = activity.SinceByte;
            return sincePass < sinceByte ? sincePass : sinceByte;
        }
    }

    public void Passed() => (_failures, _problem, _lastPass, _endingSince) = (0, null, time.GetTimestamp(), null);

    /// <summary>The engine has said that it is ending.</summary>
    public void Ends() => _endingSince = time.GetTimestamp();

    /// <param name="problem">Why the probe did not pass.</param>
    public void Failed(string problem)
    {
        // A byte between two failures restarts the count.
        if (_failures > 0 && HasMovedSinceFailure)
            _failures = 0;
        _failures++;
        _lastFailure = time.GetTimestamp();
        _problem = problem;
    }
}
