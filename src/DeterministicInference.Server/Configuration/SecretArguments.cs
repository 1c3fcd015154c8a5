namespace DeterministicInference.Server.Configuration;

/// <summary>Arguments of a program as they may be shown: without the keys, tokens and passwords among them.</summary>
internal static class SecretArguments
{
    public const string Mask = "***";

    // SGLang and vLLM: --api-key, --admin-api-key, --hf-token, --ssl-keyfile-password.
    private static readonly string[] SecretWords = ["key", "token", "password", "secret", "credential"];

    /// <summary>Masks what follows <c>--…key</c>, <c>--…token</c> and the like, also after an equals sign.</summary>
    public static IReadOnlyList<string> Redact(IReadOnlyList<string> arguments)
    {
        var shown = new List<string>(arguments.Count);
        bool secret = false;
        foreach (string argument in arguments)
        {
            int equals = argument.IndexOf('=');
            // The value of a secret flag is a secret whatever it looks like.
            if (secret) shown.Add(Mask);
            else if (equals > 0 && IsSecret(argument[..equals])) shown.Add(argument[..(equals + 1)] + Mask);
            else shown.Add(argument);
            secret = !secret && equals < 0 && IsSecret(argument);
        }
        return shown;
    }

    private static bool IsSecret(string flag) => flag.StartsWith('-')
        && flag.Split('-', '_') is [.., string last] && SecretWords.Contains(last, StringComparer.OrdinalIgnoreCase);
}
