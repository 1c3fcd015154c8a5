using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Hosting;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Gateway.Admission;

/// <summary>
/// Limits how many requests the engine works on at once, with a bounded first-in, first-out queue for the others. The
/// framework's ConcurrencyLimiter (dotnet/runtime 10.0, src/libraries/System.Threading.RateLimiting) keeps a cancelled
/// waiter until those before it have left the queue: behind a hanging engine, clients that give up and retry would fill
/// the memory.
/// </summary>
/// <param name="options">Settings.</param>
/// <param name="engineLimit">Requests that the engine may get at once; null for no limit.</param>
/// <param name="time">The clock.</param>
internal sealed class ConcurrencyLimit(ServeOptions options, int? engineLimit, TimeProvider time)
{
    private const double LastShare = 0.2;

    /// <summary>Below it, clients that are refused would only come again and be refused.</summary>
    private static readonly TimeSpan ShortestRetry = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource> _waiting = [];
    private int _inFlight;

    /// <summary>
    /// Time for which requests hold their slots: a mean in which the last one counts <see cref="LastShare"/>. Null
    /// before the first one has ended.
    /// </summary>
    private TimeSpan? _hold;

    /// <summary>
    /// Requests that may be in flight: <c>--max-concurrency</c>, or less for an engine where more would change each
    /// other's answers.
    /// </summary>
    public int Limit { get; } = Math.Min(options.MaxConcurrency, engineLimit ?? int.MaxValue);

    /// <summary>Requests that hold a slot.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Requests in the queue.</summary>
    public int Queued
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    /// <summary>Waits for a slot.</summary>
    /// <param name="facts">Receives the time in the queue.</param>
    /// <param name="clientGone">Ends the wait.</param>
    /// <returns>The slot; dispose of it when the request has ended.</returns>
    /// <exception cref="OpenAIException">
    /// 429: the queue is full, or <c>--queue-timeout</c> has passed.
    /// </exception>
    /// <exception cref="OperationCanceledException">
    /// The client disconnected; its place in the queue is free.
    /// </exception>
    public async ValueTask<ConcurrencySlot> EnterAsync(RequestFacts facts, CancellationToken clientGone)
    {
        LinkedListNode<TaskCompletionSource> place;
        lock (_lock)
        {
            // While requests wait no slot is free: a request that ends passes its slot to the first waiter.
            if (_inFlight < Limit)
            {
                _inFlight++;
                return NewSlot();
            }
            if (_waiting.Count >= options.MaxQueue)
                throw AdmissionErrors.QueueFull(
                    Limit,
                    Limit < options.MaxConcurrency ? "the engine's own limit" : "--max-concurrency",
                    options.MaxQueue,
                    Turn()
                );
            place = _waiting.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        long since = time.GetTimestamp();
        try
        {
            await place.Value.Task.WaitAsync(options.QueueTimeout, time, clientGone);
        }
        catch (TimeoutException)
        {
            if (Leave(place))
                throw AdmissionErrors.QueueTimeout(options.QueueTimeout, TurnNow());
            // Otherwise the request got its slot at the same moment.
        }
        catch (OperationCanceledException)
        {
            if (!Leave(place))
                FreeSlot();
            throw;
        }
        finally
        {
            facts.QueueWait = time.GetElapsedTime(since);
        }
        return NewSlot();
    }

    /// <summary>Frees one slot. Called once by <see cref="ConcurrencySlot"/>.</summary>
    /// <param name="since">When the request got it, as a timestamp.</param>
    public void Release(long since)
    {
        TimeSpan held = time.GetElapsedTime(since);
        lock (_lock)
            _hold = _hold is { } mean ? mean + LastShare * (held - mean) : held;
        FreeSlot();
    }

    private ConcurrencySlot NewSlot() => new(this, time.GetTimestamp());

    /// <summary>
    /// When a request that came now would have its turn: those that wait and itself, each for the time of a slot, on
    /// all slots. From <see cref="ShortestRetry"/> to <c>--queue-timeout</c>, after which it would not wait.
    /// </summary>
    private TimeSpan Turn()
    {
        TimeSpan turn = _hold is { } hold ? hold * (_waiting.Count + 1) / Limit : OpenAIException.UsualRetryDelay;
        TimeSpan most = options.QueueTimeout > ShortestRetry ? options.QueueTimeout : ShortestRetry;
        return turn < ShortestRetry ? ShortestRetry
            : turn > most ? most
            : turn;
    }

    private TimeSpan TurnNow()
    {
        lock (_lock)
            return Turn();
    }

    private void FreeSlot()
    {
        lock (_lock)
        {
            if (_waiting.First is not { } next)
            {
                _inFlight--;
                return;
            }
            _waiting.Remove(next);
            next.Value.SetResult();
        }
    }

    /// <returns>Whether the request was still waiting.</returns>
    private bool Leave(LinkedListNode<TaskCompletionSource> place)
    {
        lock (_lock)
        {
            if (place.List is null)
                return false;
            _waiting.Remove(place);
            return true;
        }
    }
}
