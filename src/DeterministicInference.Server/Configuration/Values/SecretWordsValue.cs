namespace DeterministicInference.Server.Configuration.Values;

/// <summary>Secrets: at least one, as a server whose keys were lost on the way would be open to all.</summary>
internal sealed class SecretWordsValue() : WordsValue("KEYS")
{
    public override string? Read(string text, out IReadOnlyList<string> value) =>
        base.Read(text, out value)
        ?? (value.Any(word => word.Length > 0) ? null : "has no key. Give one, or leave the setting out.");

    public override string Redact(string text) => text.Trim().Length == 0 ? text : SecretArguments.Mask;
}
