using Microsoft.Extensions.Time.Testing;

namespace DeterministicInference.Server.Tests.Receipts.Store;

/// <summary>A clock that can be set to another time without time passing.</summary>
internal sealed class AdjustableClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    /// <summary>How far it is ahead of the time that has passed.</summary>
    public TimeSpan Adjustment { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Adjustment;

    public override long GetTimestamp() => base.GetUtcNow().Ticks;
}
