namespace DeterministicInference.Server.Configuration.Values;

/// <summary>One of an enumeration's names, ignoring case.</summary>
internal sealed class ChoiceValue<T> : ValueKind<T>
    where T : struct, Enum
{
    private static readonly string[] Choices = [.. Enum.GetNames<T>().Select(name => name.ToLowerInvariant())];

    public override string Placeholder { get; } = string.Join('|', Choices);

    public override string? Read(string text, out T value)
    {
        int choice = Array.IndexOf(Choices, text.Trim().ToLowerInvariant());
        value = choice >= 0 ? Enum.GetValues<T>()[choice] : default;
        return choice >= 0 ? null : $"is not a choice. Give {string.Join(", ", Choices[..^1])} or {Choices[^1]}.";
    }

    public override string Write(T value) => value.ToString().ToLowerInvariant();
}
