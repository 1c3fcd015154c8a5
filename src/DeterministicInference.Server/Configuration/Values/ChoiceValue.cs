namespace DeterministicInference.Server.Configuration.Values;

/// <summary>One of a few words, in any case.</summary>
internal sealed class ChoiceValue(params string[] choices) : ValueKind<string>
{
    public override string Placeholder { get; } = string.Join('|', choices);

    public override string? Read(string text, out string value)
    {
        value = text.Trim().ToLowerInvariant();
        return choices.Contains(value) ? null : $"is not a choice. Give {string.Join(" or ", (string[])[string.Join(", ", choices[..^1]), choices[^1]])}.";
    }

    public override string Write(string value) => value;
}
