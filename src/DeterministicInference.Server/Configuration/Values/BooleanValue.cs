namespace DeterministicInference.Server.Configuration.Values;

/// <summary>A Boolean.</summary>
internal sealed class BooleanValue : ValueKind<bool>
{
    public override string Placeholder => "true|false";

    public override IReadOnlyList<string> Choices { get; } = ["true", "false"];

    public override bool IsSwitch => true;

    public override string? Read(string text, out bool value)
    {
        string word = text.Trim().ToLowerInvariant();
        value = word is "true" or "1" or "yes" or "on";
        return value || word is "false" or "0" or "no" or "off"
            ? null
            : "is neither true nor false. Give true or false (also 1/0, yes/no, on/off).";
    }

    public override string Write(bool value) => value ? "true" : "false";
}
