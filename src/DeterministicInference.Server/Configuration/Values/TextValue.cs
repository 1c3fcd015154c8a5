namespace DeterministicInference.Server.Configuration.Values;

/// <summary>A line of text that is not blank.</summary>
internal class TextValue(string placeholder) : ValueKind<string>
{
    public override string Placeholder => placeholder;

    public override string? Read(string text, out string value)
    {
        value = text;
        if (text.Any(char.IsControl))
            return "contains a control character. Remove it.";
        return string.IsNullOrWhiteSpace(text) ? "is empty. Give a value, or leave the setting out." : null;
    }

    public override string Write(string value) => value;
}
