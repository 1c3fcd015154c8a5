namespace DeterministicInference.Server.Configuration;

/// <summary>
/// Which arguments and variables of a program are secret: those whose name says key, token, password or the like. The one place
/// that decides it.
/// </summary>
internal static class SecretArguments
{
    public const string Mask = "***";

    // SGLang and vLLM: --api-key, --admin-api-key, --hf-token, --ssl-keyfile-password. The plural of token counts words.
    private static readonly string[] SecretWords = ["key", "keys", "token", "password", "passwd", "passphrase", "secret", "secrets", "credential"];

    /// <summary>Masks what follows <c>--…key</c>, <c>--…token</c> and the like, also after an equals sign.</summary>
    public static IReadOnlyList<string> Redact(IReadOnlyList<string> arguments) =>
        [.. Split(arguments).Select(argument => argument.Secret is null ? argument.Open : argument.Open + Mask)];

    /// <summary>What <see cref="Redact"/> masks.</summary>
    public static IEnumerable<string> SecretsIn(IReadOnlyList<string> arguments) => Split(arguments).Select(argument => argument.Secret).OfType<string>();

    /// <summary>Whether the value of a variable is a secret: <c>HF_TOKEN</c>, <c>OPENAI_API_KEY</c>, <c>PGPASSWORD</c>.</summary>
    public static bool IsSecretVariable(string name) =>
        EndsWithSecretWord(name) || name.EndsWith("PASSWORD", StringComparison.OrdinalIgnoreCase) || name.EndsWith("TOKEN", StringComparison.OrdinalIgnoreCase);

    /// <summary>Each argument as what may be shown of it and what may not.</summary>
    private static IEnumerable<(string Open, string? Secret)> Split(IReadOnlyList<string> arguments)
    {
        bool isSecret = false;
        foreach (string argument in arguments)
        {
            int equals = argument.IndexOf('=');
            // The value of a secret flag is a secret whatever it looks like.
            if (isSecret) yield return ("", argument);
            else if (equals > 0 && IsSecretFlag(argument[..equals])) yield return (argument[..(equals + 1)], argument[(equals + 1)..]);
            else yield return (argument, null);
            isSecret = !isSecret && equals < 0 && IsSecretFlag(argument);
        }
    }

    private static bool IsSecretFlag(string flag) => flag.StartsWith('-') && EndsWithSecretWord(flag);

    private static bool EndsWithSecretWord(string name) => name.Split('-', '_') is [.., string last] && SecretWords.Contains(last, StringComparer.OrdinalIgnoreCase);
}
