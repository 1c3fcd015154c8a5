namespace DeterministicInference.Server.Configuration.Values;

/// <summary>A text that is never shown.</summary>
/// <param name="placeholder">Placeholder for the value in help.</param>
internal sealed class SecretTextValue(string placeholder) : TextValue(placeholder)
{
    public override string Redact(string text) => SecretArguments.Mask;
}
