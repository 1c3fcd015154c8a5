using System.Collections.Concurrent;

namespace DeterministicInference.FakeBackend;

/// <summary>What the process remembers.</summary>
/// <param name="keepsRequests">Whether requests are remembered that have ended.</param>
internal sealed class BackendState(bool keepsRequests)
{
    private readonly Lock _lock = new();
    private readonly List<RequestRecord> _requests = [];
    private int _count;
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new();

    /// <summary>Status of /health.</summary>
    public volatile int HealthStatus = StatusCodes.Status503ServiceUnavailable;

    /// <summary>How long /health takes, in milliseconds.</summary>
    public volatile int HealthDelay;

    private volatile Obstruction _obstruction;

    public IReadOnlyList<RequestRecord> Requests
    {
        get
        {
            lock (_lock) return [.. _requests];
        }
    }

    /// <summary>Completes when no request is running.</summary>
    public Task IdleAsync() => Task.WhenAll(Requests.Select(request => request.Ended));

    /// <summary>Open once <see cref="TaskCompletionSource.TrySetResult"/> was called on it.</summary>
    public TaskCompletionSource Gate(string name) => _gates.GetOrAdd(name, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    /// <summary>From now on, for requests in flight too.</summary>
    public void Obstruct(Obstruction obstruction) => _obstruction = obstruction;

    /// <summary>Passes while a request may go on; else it waits until the client leaves.</summary>
    /// <param name="context">The request.</param>
    /// <param name="from">The smallest obstruction that holds it up.</param>
    public Task PassAsync(HttpContext context, Obstruction from) =>
        _obstruction >= from ? Task.Delay(Timeout.Infinite, context.RequestAborted) : Task.CompletedTask;

    public RequestRecord Record(HttpRequest request, string body)
    {
        var headers = request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString());
        lock (_lock)
        {
            var record = new RequestRecord(_count++, $"{request.Method} {request.Path}{request.QueryString}", headers, body);
            _requests.Add(record);
            return record;
        }
    }

    /// <summary>To be called when a request's answer is over.</summary>
    public void Ended(RequestRecord record)
    {
        if (keepsRequests) return;
        lock (_lock) _requests.Remove(record);
    }
}
