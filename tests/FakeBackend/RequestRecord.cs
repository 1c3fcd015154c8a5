namespace DeterministicInference.FakeBackend;

/// <summary>A request that arrived.</summary>
/// <param name="number">Counted from 0.</param>
/// <param name="line">Method and target.</param>
/// <param name="headers">As they came.</param>
/// <param name="body">As it came.</param>
internal sealed class RequestRecord(int number, string line, IReadOnlyDictionary<string, string> headers, string body)
{
    private const string Running = "running";

    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Number { get; } = number;

    public string Line { get; } = line;

    public IReadOnlyDictionary<string, string> Headers { get; } = headers;

    public string Body { get; } = body;

    /// <summary>
    /// "running", "completed" or "cancelled", which is what SGLang would notice of a client that left.
    /// </summary>
    public string State { get; private set; } = Running;

    public Task Ended => _ended.Task;

    /// <summary>The first call counts.</summary>
    public void End(bool isCancelled)
    {
        lock (_lock)
        {
            if (State != Running)
                return;
            State = isCancelled ? "cancelled" : "completed";
        }
        _ended.TrySetResult();
    }
}
