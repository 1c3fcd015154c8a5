namespace DeterministicInference.Server.Gateway.Admission;

/// <summary>A request's slot; it is freed once, however often it is disposed of.</summary>
internal sealed class ConcurrencySlot(ConcurrencyLimit limit) : IDisposable
{
    private ConcurrencyLimit? _limit = limit;

    public void Dispose() => Interlocked.Exchange(ref _limit, null)?.Release();
}
