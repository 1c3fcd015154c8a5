namespace DeterministicInference.Server.Configuration.Values;

/// <summary>Words that are never shown.</summary>
internal sealed class SecretWordsValue() : WordsValue("KEYS")
{
    public override string Redact(string text) => SecretArguments.Mask;
}
