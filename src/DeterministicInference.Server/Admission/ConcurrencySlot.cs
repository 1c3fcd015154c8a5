namespace DeterministicInference.Server.Admission;

/// <summary>A request's turn, which ends once, however often it is disposed of.</summary>
internal sealed class ConcurrencySlot(ConcurrencyLimit limit) : IDisposable
{
    private ConcurrencyLimit? _limit = limit;

    public void Dispose() => Interlocked.Exchange(ref _limit, null)?.Release();
}
