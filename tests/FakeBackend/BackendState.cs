using System.Collections.Concurrent;

namespace DeterministicInference.FakeBackend;

/// <summary>The state of the process.</summary>
/// <param name="keepsRequests">Whether ended requests are kept.</param>
/// <param name="slots">Number of requests that run at once; others wait.</param>
internal sealed class BackendState(bool keepsRequests, int slots) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<RequestRecord> _requests = [];
    private int _count,
        _running,
        _draws;
    private string? _lastPrompt;
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new();
    private readonly TaskCompletionSource _warm = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _giveUp = new();
    private readonly SemaphoreSlim _slots = new(slots);

    /// <summary>Status of /health.</summary>
    public volatile int HealthStatus = StatusCodes.Status503ServiceUnavailable;

    /// <summary>How long /health takes, in milliseconds.</summary>
    public volatile int HealthDelay;

    /// <summary>Whether new requests are aborted at once.</summary>
    public volatile bool IsStopping;

    /// <summary>Ends the HTTP server once its answers are sent.</summary>
    public Func<Task> StopServer { get; set; } = () => Task.CompletedTask;

    private volatile Obstruction _obstruction;

    public IReadOnlyList<RequestRecord> Requests
    {
        get
        {
            lock (_lock)
                return [.. _requests];
        }
    }

    /// <summary>How many requests have a slot.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Completes with POST /__fake/warm.</summary>
    public Task Warm => _warm.Task;

    /// <summary>Cancelled when requests in flight are aborted.</summary>
    public CancellationToken GivenUp => _giveUp.Token;

    /// <summary>Completes when no request is running.</summary>
    public Task IdleAsync() => Task.WhenAll(Requests.Select(request => request.Ended));

    /// <summary>Open once <see cref="TaskCompletionSource.TrySetResult"/> was called on it.</summary>
    public TaskCompletionSource Gate(string name) =>
        _gates.GetOrAdd(name, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    /// <summary>Obstructs from now on, including requests in flight.</summary>
    public void Obstruct(Obstruction obstruction) => _obstruction = obstruction;

    public void WarmUp() => _warm.TrySetResult();

    public void GiveUp() => _giveUp.Cancel();

    /// <summary>Passes while a request may go on; else it waits until the client leaves.</summary>
    /// <param name="context">The request.</param>
    /// <param name="from">The smallest obstruction that holds it up.</param>
    public Task PassAsync(HttpContext context, Obstruction from) =>
        _obstruction >= from ? Task.Delay(Timeout.Infinite, context.RequestAborted) : Task.CompletedTask;

    /// <summary>A seed that no other draw of this machine has had lately.</summary>
    public long Draw() => ((long)Environment.ProcessId << 32) + Interlocked.Increment(ref _draws);

    /// <summary>Waits for a slot.</summary>
    /// <returns>How many other requests run.</returns>
    public async Task<int> BeginAsync(CancellationToken cancellation)
    {
        await _slots.WaitAsync(cancellation);
        return Interlocked.Increment(ref _running) - 1;
    }

    /// <summary>Called once for every <see cref="BeginAsync"/>.</summary>
    public void Finish()
    {
        Interlocked.Decrement(ref _running);
        _slots.Release();
    }

    /// <summary>Remembers a prompt.</summary>
    /// <returns>Whether it was the one before, too.</returns>
    public bool WasCached(string prompt) => Interlocked.Exchange(ref _lastPrompt, prompt) == prompt;

    public RequestRecord Record(HttpRequest request, string body)
    {
        var headers = request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString());
        lock (_lock)
        {
            var record = new RequestRecord(
                _count++,
                $"{request.Method} {request.Path}{request.QueryString}",
                headers,
                body
            );
            _requests.Add(record);
            return record;
        }
    }

    /// <summary>Called when a request's answer has ended.</summary>
    public void Ended(RequestRecord record)
    {
        if (keepsRequests)
            return;
        lock (_lock)
            _requests.Remove(record);
    }

    public void Dispose()
    {
        _giveUp.Dispose();
        _slots.Dispose();
    }
}
