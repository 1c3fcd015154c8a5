using System.Runtime.CompilerServices;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.Supervision;

namespace DeterministicInference.Server.Gateway.Forwarding;

/// <summary>Limits on the engine's silence.</summary>
/// <param name="Connect"><c>--connect-timeout</c>.</param>
/// <param name="FirstByte"><c>--first-byte-timeout</c>; <see cref="Timeout.InfiniteTimeSpan"/> is off.</param>
/// <param name="Idle"><c>--idle-timeout</c>; <see cref="Timeout.InfiniteTimeSpan"/> is off.</param>
internal sealed record EngineTimeLimits(TimeSpan Connect, TimeSpan FirstByte, TimeSpan Idle)
{
    /// <summary>No limit.</summary>
    public static EngineTimeLimits None { get; } =
        new(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
}

/// <summary>
/// Watches how long the engine is silent in one answer: before it begins, and between two of its bytes, comments
/// included. There is no limit on the whole answer. An event sets no timer: the single timer checks the time of the
/// last byte when it fires.
/// </summary>
/// <param name="limits">Settings.</param>
/// <param name="activity">Notified of every byte.</param>
/// <param name="time">The clock.</param>
internal sealed class EngineTimeouts(EngineTimeLimits limits, EngineActivity activity, TimeProvider time) : IDisposable
{
    private readonly TimedWait _wait = new(time);
    private readonly long _begin = time.GetTimestamp();
    private bool _hasBegun;

    /// <summary>When the engine's last byte came, or when the wait for the next one began.</summary>
    public long Last { get; private set; } = time.GetTimestamp();

    /// <summary>Time since the request was sent.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(_begin);

    /// <summary>Time until the engine's first byte; null before it has come.</summary>
    public TimeSpan? BeforeFirstByte { get; private set; }

    /// <summary>Time until the next limit; <see cref="Timeout.InfiniteTimeSpan"/> where there is none.</summary>
    public TimeSpan Due => _hasBegun ? Remaining(limits.Idle, Last) : Remaining(limits.FirstByte, _begin);

    /// <summary>The current timestamp, for <see cref="Remaining"/>.</summary>
    public long Now => time.GetTimestamp();

    /// <summary>Records that bytes of the answer have come.</summary>
    /// <returns>Whether they were the first.</returns>
    public bool Progress()
    {
        activity.Progress();
        Last = time.GetTimestamp();
        bool isFirst = !_hasBegun;
        if (isFirst)
            BeforeFirstByte = Elapsed;
        _hasBegun = true;
        return isFirst;
    }

    /// <summary>Restarts the measurement of silence after a time in which the engine was not read.</summary>
    public void Resume() => Last = time.GetTimestamp();

    /// <exception cref="OpenAIException">504: a limit has passed.</exception>
    public void Check()
    {
        if (Due == Timeout.InfiniteTimeSpan || Due > TimeSpan.Zero)
            return;
        throw GatewayErrors.TimedOut(
            _hasBegun
                ? $"it sent nothing for {limits.Idle.TotalSeconds} s within its answer (--idle-timeout)."
                : $"it did not begin to answer within {limits.FirstByte.TotalSeconds} s (--first-byte-timeout)."
        );
    }

    /// <inheritdoc cref="TimedWait.Watch"/>
    public void Watch<T>(T operation)
        where T : ICriticalNotifyCompletion => _wait.Watch(operation);

    /// <inheritdoc cref="TimedWait.SetTimer"/>
    public void SetTimer(TimeSpan after) => _wait.SetTimer(after);

    /// <inheritdoc cref="TimedWait.WaitForOperationOrTimerAsync"/>
    public ValueTask<bool> WaitForOperationOrTimerAsync() => _wait.WaitForOperationOrTimerAsync();

    /// <summary>Waits until the watched operation is complete.</summary>
    /// <exception cref="OpenAIException">504: a limit is reached.</exception>
    public async ValueTask WaitForOperationAsync()
    {
        SetTimer(Due);
        while (!await WaitForOperationOrTimerAsync())
        {
            Check();
            SetTimer(Due);
        }
    }

    public void Dispose() => _wait.Dispose();

    /// <summary>The remaining time of a limit, at least zero.</summary>
    public TimeSpan Remaining(TimeSpan limit, long since)
    {
        if (limit == Timeout.InfiniteTimeSpan)
            return limit;
        TimeSpan left = limit - time.GetElapsedTime(since);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>The shorter of two times, either of which may be infinite.</summary>
    public static TimeSpan Earlier(TimeSpan one, TimeSpan other) =>
        one == Timeout.InfiniteTimeSpan ? other
        : other == Timeout.InfiniteTimeSpan || one < other ? one
        : other;
}
