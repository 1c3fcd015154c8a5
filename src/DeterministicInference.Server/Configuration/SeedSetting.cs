namespace DeterministicInference.Server.Configuration;

/// <summary>The seed of requests that have none: <c>--seed</c>.</summary>
/// <param name="Number">The seed; null draws one for each request.</param>
internal readonly record struct SeedSetting(long? Number)
{
    /// <summary>A seed is drawn for each request.</summary>
    public static SeedSetting Random => new(null);

    public static implicit operator SeedSetting(long number) => new(number);
}
