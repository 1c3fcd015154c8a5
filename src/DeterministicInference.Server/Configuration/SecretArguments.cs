namespace DeterministicInference.Server.Configuration;

/// <summary>
/// Decides which arguments and variables of a program are secret: those with key, token, password or the like in their
/// name.
/// </summary>
internal static class SecretArguments
{
    public const string Mask = "***";

    // SGLang and vLLM: --api-key, --admin-api-key, --hf-token, --ssl-keyfile-password. The plural "tokens" is not
    // secret: it is used for counts.
    private static readonly string[] SecretWords =
    [
        "key",
        "keys",
        "token",
        "password",
        "passwd",
        "passphrase",
        "secret",
        "secrets",
        "credential",
    ];

    /// <summary>Masks the values of <c>--…key</c>, <c>--…token</c> and the like, also after an equals sign.</summary>
    public static IReadOnlyList<string> Redact(IReadOnlyList<string> arguments) =>
        [.. Split(arguments).Select(argument => argument.Secret is null ? argument.Open : argument.Open + Mask)];

    /// <summary>The values that <see cref="Redact"/> masks.</summary>
    public static IEnumerable<string> SecretsIn(IReadOnlyList<string> arguments) =>
        Split(arguments).Select(argument => argument.Secret).OfType<string>();

    /// <summary>
    /// Whether the value of a variable is a secret: <c>HF_TOKEN</c>, <c>OPENAI_API_KEY</c>, <c>PGPASSWORD</c>.
    /// </summary>
    public static bool IsSecretVariable(string name) =>
        EndsWithSecretWord(name)
        || name.EndsWith("PASSWORD", StringComparison.OrdinalIgnoreCase)
        || name.EndsWith("TOKEN", StringComparison.OrdinalIgnoreCase);

    /// <summary>Splits each argument into a part that may be shown and a secret.</summary>
    private static IEnumerable<(string Open, string? Secret)> Split(IReadOnlyList<string> arguments)
    {
        bool isSecret = false;
        foreach (string argument in arguments)
        {
            int equals = argument.IndexOf('=');
            // The word after a secret flag is a secret even if it looks like a flag.
            if (isSecret)
                yield return ("", argument);
            else if (equals > 0 && IsSecretFlag(argument[..equals]))
                yield return (argument[..(equals + 1)], argument[(equals + 1)..]);
            else
                yield return (argument, null);
            isSecret = !isSecret && equals < 0 && IsSecretFlag(argument);
        }
    }

    /// <summary>Whether the value of a flag is a secret.</summary>
    public static bool IsSecretFlag(string flag) => flag.StartsWith('-') && EndsWithSecretWord(flag);

    private static bool EndsWithSecretWord(string name) =>
        name.Split('-', '_') is [.., string last] && SecretWords.Contains(last, StringComparer.OrdinalIgnoreCase);
}
