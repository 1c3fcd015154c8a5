using System.Diagnostics;
using System.Runtime.CompilerServices;
using DeterministicInference.Server.Backends;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Proxy;

/// <summary>
/// How long the engine may be silent in one answer: before it begins, and between two of its bytes, comments included. There is
/// no limit on the whole. An event costs no timer: the one there is looks at the time of the last byte when it fires.
/// </summary>
internal sealed class AnswerClock(InferenceOptions options, EngineActivity activity) : IDisposable
{
    private readonly TimedWait _wait = new();
    private readonly long _begin = Stopwatch.GetTimestamp();
    private bool _hasBegun;

    /// <summary>When the engine's last byte came, or when the wait for the next one began.</summary>
    public long Last { get; private set; } = Stopwatch.GetTimestamp();

    /// <summary>Since the request was sent.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_begin);

    /// <summary>How long the engine took to begin; null as long as it has not.</summary>
    public TimeSpan? BeforeFirstByte { get; private set; }

    /// <summary>Time until the next limit; <see cref="Timeout.InfiniteTimeSpan"/> where there is none.</summary>
    public TimeSpan Due => _hasBegun ? Remaining(options.IdleTimeout, Last) : Remaining(options.FirstByteTimeout, _begin);

    /// <summary>The engine has sent something of its answer.</summary>
    /// <returns>Whether it was the first.</returns>
    public bool Progress()
    {
        activity.Progress();
        Last = Stopwatch.GetTimestamp();
        bool isFirst = !_hasBegun;
        if (isFirst) BeforeFirstByte = Elapsed;
        _hasBegun = true;
        return isFirst;
    }

    /// <summary>Nobody listened to the engine for a while: that was not its silence.</summary>
    public void Resume() => Last = Stopwatch.GetTimestamp();

    /// <exception cref="OpenAIException">504: a limit is reached.</exception>
    public void Check()
    {
        if (Due == Timeout.InfiniteTimeSpan || Due > TimeSpan.Zero) return;
        throw _hasBegun
            ? BackendFailures.TimedOut($"it sent nothing for {options.IdleTimeout.TotalSeconds} s within its answer (--idle-timeout).")
            : BackendFailures.TimedOut($"it did not begin to answer within {options.FirstByteTimeout.TotalSeconds} s (--first-byte-timeout).");
    }

    /// <inheritdoc cref="TimedWait.Watch"/>
    public void Watch<T>(T operation)
        where T : ICriticalNotifyCompletion => _wait.Watch(operation);

    /// <inheritdoc cref="TimedWait.Wake"/>
    public void Wake(TimeSpan after) => _wait.Wake(after);

    /// <inheritdoc cref="TimedWait.NextAsync"/>
    public ValueTask<bool> NextAsync() => _wait.NextAsync();

    /// <summary>Waits until an operation that is watched is complete.</summary>
    /// <exception cref="OpenAIException">504: a limit is reached.</exception>
    public async ValueTask CompletedAsync()
    {
        Wake(Due);
        while (!await NextAsync())
        {
            Check();
            Wake(Due);
        }
    }

    public void Dispose() => _wait.Dispose();

    /// <summary>What is left of a limit, at least nothing.</summary>
    public static TimeSpan Remaining(TimeSpan limit, long since)
    {
        if (limit == Timeout.InfiniteTimeSpan) return limit;
        TimeSpan left = limit - Stopwatch.GetElapsedTime(since);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>The shorter of two times, either of which may be infinite.</summary>
    public static TimeSpan Earlier(TimeSpan one, TimeSpan other) =>
        one == Timeout.InfiniteTimeSpan ? other : other == Timeout.InfiniteTimeSpan || one < other ? one : other;
}
