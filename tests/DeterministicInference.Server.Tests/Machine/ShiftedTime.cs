namespace DeterministicInference.Server.Tests.Machine;

/// <summary>A clock that is ahead, so that a file just written counts as old.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    public static readonly ShiftedTime Later = new();

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromHours(1);
}
