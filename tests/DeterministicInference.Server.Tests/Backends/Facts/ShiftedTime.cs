namespace DeterministicInference.Server.Tests.Backends.Facts;

/// <summary>The clock of somebody who comes later, to whom a file written just now is an old one.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    public static readonly ShiftedTime Later = new();

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromHours(1);
}
