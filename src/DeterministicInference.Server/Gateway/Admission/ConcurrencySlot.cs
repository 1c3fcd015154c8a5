namespace DeterministicInference.Server.Gateway.Admission;

/// <summary>A request's slot; it is freed once, however often it is disposed of.</summary>
/// <param name="limit">Of which it is a slot.</param>
/// <param name="since">When the request got it, as a timestamp.</param>
internal sealed class ConcurrencySlot(ConcurrencyLimit limit, long since) : IDisposable
{
    private ConcurrencyLimit? _limit = limit;

    public void Dispose() => Interlocked.Exchange(ref _limit, null)?.Release(since);
}
