namespace DeterministicInference.Server.Tests.EndToEnd.Fuzz;

/// <summary>Numbers that are the same for the same seed: xorshift64* by Vigna.</summary>
internal sealed class FuzzRandom(ulong seed)
{
    // A state of 0 would stay 0; the multiplication spreads seeds that are close to each other.
    private ulong _state = (seed + 1) * 0x9E3779B97F4A7C15;

    /// <summary>0 to count - 1.</summary>
    public int Next(int count)
    {
        _state ^= _state >> 12;
        _state ^= _state << 25;
        _state ^= _state >> 27;
        return (int)((_state * 0x2545F4914F6CDD1D >> 33) % (ulong)count);
    }

    public bool OneIn(int count) => Next(count) == 0;

    public T Pick<T>(IReadOnlyList<T> items) => items[Next(items.Count)];
}
