namespace DeterministicInference.Server.Configuration.Values;

/// <summary>One of an enumeration's names, ignoring case.</summary>
internal sealed class ChoiceValue<T> : ValueKind<T>
    where T : struct, Enum
{
    private static readonly string[] Names = [.. Enum.GetNames<T>().Select(name => name.ToLowerInvariant())];

    public override string Placeholder { get; } = string.Join('|', Names);

    public override IReadOnlyList<string> Choices => Names;

    public override string? Read(string text, out T value)
    {
        int choice = Array.IndexOf(Names, text.Trim().ToLowerInvariant());
        value = choice >= 0 ? Enum.GetValues<T>()[choice] : default;
        return choice >= 0
            ? null
            : $"is not a choice.{NearestName.Hint(text.Trim(), Names)} Give {EngineChoice.List(Names, "or")}.";
    }

    public override string Write(T value) => value.ToString().ToLowerInvariant();
}
