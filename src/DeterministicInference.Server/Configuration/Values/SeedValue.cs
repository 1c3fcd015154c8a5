namespace DeterministicInference.Server.Configuration.Values;

/// <summary>A whole number of 64 bits, or <c>random</c>.</summary>
internal sealed class SeedValue : ValueKind<SeedSetting>
{
    private const string Random = "random";

    private static readonly WholeNumberValue<long> Number = new("NUMBER", long.MinValue, long.MaxValue);

    public override string Placeholder => $"{Number.Placeholder}|{Random}";

    public override string? Read(string text, out SeedSetting value)
    {
        value = SeedSetting.Random;
        if (text.AsSpan().Trim().Equals(Random, StringComparison.OrdinalIgnoreCase))
            return null;
        string? complaint = Number.Read(text, out long number);
        value = number;
        return complaint is null ? null : $"{complaint[..^1]}, nor {Random}.";
    }

    public override string Write(SeedSetting value) => value.Number is { } number ? Number.Write(number) : Random;
}
