using System.Diagnostics;
using DeterministicInference.Server.Backends;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Hosting;

namespace DeterministicInference.Server.Admission;

/// <summary>
/// How many requests the engine works on at once, and the bounded queue of those that wait for their turn, first come, first
/// served. The framework's ConcurrencyLimiter keeps what belongs to a waiter that left until those before it have
/// had their turn: behind an engine that hangs, clients that give up and come again would fill the memory.
/// </summary>
internal sealed class ConcurrencyLimit(InferenceOptions options)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource> _waiting = [];
    private int _inFlight;

    /// <summary>Requests that may be in flight: <c>--max-concurrency</c>, or fewer where more would change each other's answers.</summary>
    public int Limit { get; } = Math.Min(options.MaxConcurrency, BackendRegistry.Find(options.Backend)?.RequestsAtOnce(options) ?? int.MaxValue);

    /// <summary>Requests that may wait.</summary>
    public int QueueLimit { get; } = options.MaxQueue;

    /// <summary>Requests whose turn has come and that have not ended.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Requests that wait for their turn.</summary>
    public int Queued
    {
        get
        {
            lock (_lock) return _waiting.Count;
        }
    }

    /// <summary>Waits for a request's turn, and leaves for the log how long that took.</summary>
    /// <returns>To be disposed of when the request is over.</returns>
    /// <exception cref="OpenAI.OpenAIException">429: the queue is full, or the time is over.</exception>
    /// <exception cref="OperationCanceledException">The client left; its place is free.</exception>
    public async ValueTask<ConcurrencySlot> EnterAsync(HttpContext context)
    {
        LinkedListNode<TaskCompletionSource> place;
        lock (_lock)
        {
            // While anybody waits no slot is free: the one that ends hands its own over.
            if (_inFlight < Limit)
            {
                _inFlight++;
                return new ConcurrencySlot(this);
            }
            if (_waiting.Count >= QueueLimit) throw AdmissionErrors.QueueFull(Limit, Limit < options.MaxConcurrency ? "the engine's own limit" : "--max-concurrency", QueueLimit);
            place = _waiting.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        long since = Stopwatch.GetTimestamp();
        try
        {
            await place.Value.Task.WaitAsync(options.QueueTimeout, context.RequestAborted);
        }
        catch (TimeoutException)
        {
            if (Leave(place)) throw AdmissionErrors.QueueTimeout(options.QueueTimeout);
            // Otherwise its turn came at the same moment.
        }
        catch (OperationCanceledException)
        {
            if (!Leave(place)) Release();
            throw;
        }
        finally
        {
            context.Items[RequestLog.QueueWait] = Stopwatch.GetElapsedTime(since);
        }
        return new ConcurrencySlot(this);
    }

    /// <summary>Ends one request's turn. For <see cref="ConcurrencySlot"/>, which calls it once.</summary>
    public void Release()
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
            if (place.List is null) return false;
            _waiting.Remove(place);
            return true;
        }
    }
}
