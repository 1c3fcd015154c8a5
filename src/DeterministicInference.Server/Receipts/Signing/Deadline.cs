using System.Diagnostics;

namespace DeterministicInference.Server.Receipts.Signing;

/// <summary>A point in time up to which several waits may take together.</summary>
internal readonly struct Deadline(TimeSpan limit)
{
    private readonly long _begin = Stopwatch.GetTimestamp();

    /// <summary>What is left, rounded up; 0 once it has passed.</summary>
    public int Milliseconds =>
        (int)Math.Clamp(Math.Ceiling((limit - Stopwatch.GetElapsedTime(_begin)).TotalMilliseconds), 0, int.MaxValue);
}
