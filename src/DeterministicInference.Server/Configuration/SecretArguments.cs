using System.Text.RegularExpressions;

namespace DeterministicInference.Server.Configuration;

/// <summary>
/// Decides which arguments and variables of a program are secret: those with key, token, password or the like in their
/// name, and passwords of addresses.
/// </summary>
internal static partial class SecretArguments
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

    /// <summary>Flags that Python's argparse also takes by their beginning.</summary>
    private static readonly string[] Abbreviated = ["--api-key", "--admin-api-key", "--hf-token"];

    private const int ShortestAbbreviation = 6;

    /// <summary>
    /// Masks the values of <c>--…key</c>, <c>--…token</c> and the like, also after an equals sign, and what
    /// <see cref="RedactValue"/> masks.
    /// </summary>
    public static IReadOnlyList<string> Redact(IReadOnlyList<string> arguments) =>
        [.. Split(arguments).Select(argument => argument.Shown)];

    /// <summary>The values that <see cref="Redact"/> masks.</summary>
    public static IEnumerable<string> SecretsIn(IReadOnlyList<string> arguments) =>
        Split(arguments).SelectMany(argument => argument.Secrets);

    /// <summary>Masks the password of an address, and members of JSON that are called like a secret.</summary>
    public static string RedactValue(string value) =>
        SecretsWithin(value)
            .OrderByDescending(secret => secret.Index)
            .Aggregate(value, (shown, secret) => shown.Remove(secret.Index, secret.Length).Insert(secret.Index, Mask));

    /// <summary>
    /// Whether the value of a variable is a secret: <c>HF_TOKEN</c>, <c>OPENAI_API_KEY</c>, <c>PGPASSWORD</c>.
    /// </summary>
    public static bool IsSecretVariable(string name) =>
        EndsWithSecretWord(name)
        || name.EndsWith("PASSWORD", StringComparison.OrdinalIgnoreCase)
        || name.EndsWith("TOKEN", StringComparison.OrdinalIgnoreCase);

    /// <summary>Each argument as it may be shown, and its secrets.</summary>
    private static IEnumerable<(string Shown, IReadOnlyList<string> Secrets)> Split(IReadOnlyList<string> arguments)
    {
        bool isSecret = false,
            wasSecret = false;
        foreach (string argument in arguments)
        {
            int equals = argument.IndexOf('=');
            // The word after a secret flag is a secret even if it looks like a flag, and vLLM takes several.
            if (isSecret || (wasSecret && !argument.StartsWith('-')))
            {
                yield return (Mask, [argument]);
                (isSecret, wasSecret) = (false, !argument.StartsWith('-'));
                continue;
            }
            if (equals > 0 && IsSecretFlag(argument[..equals]))
                yield return (argument[..(equals + 1)] + Mask, [argument[(equals + 1)..]]);
            else
                yield return (RedactValue(argument), [.. SecretsWithin(argument).Select(secret => secret.Value)]);
            (isSecret, wasSecret) = (equals < 0 && IsSecretFlag(argument), false);
        }
    }

    private static IEnumerable<Group> SecretsWithin(string value)
    {
        if (UserInformation().Match(value) is { Success: true } address)
            yield return address.Groups["secret"];
        foreach (Match member in JsonMember().Matches(value))
            yield return member.Groups["secret"];
    }

    /// <summary>Whether the value of a flag is a secret.</summary>
    public static bool IsSecretFlag(string flag) =>
        flag.StartsWith('-')
        && (
            EndsWithSecretWord(flag)
            // llama-server's short form of --hf-token.
            || flag == "-hft"
            || (
                flag.Length >= ShortestAbbreviation
                && Abbreviated.Any(whole =>
                    whole.StartsWith(flag.Replace('_', '-'), StringComparison.OrdinalIgnoreCase)
                )
            )
        );

    private static bool EndsWithSecretWord(string name) =>
        name.Split('-', '_') is [.., string last] && SecretWords.Contains(last, StringComparer.OrdinalIgnoreCase);

    /// <summary>The password of an address (RFC 3986, section 3.2.1).</summary>
    [GeneratedRegex("^[^{].*://[^/?#@:]*:(?<secret>[^/?#@]+)@", RegexOptions.Singleline)]
    private static partial Regex UserInformation();

    /// <summary>
    /// A member of JSON that is called like a secret, also in camel case. The special tokens of a model, such as
    /// <c>eos_token</c>, are none: answers depend on them.
    /// </summary>
    [GeneratedRegex(
        """
            "(?![^"]*(?:bos|eos|pad|unk|sep|cls|mask|image|video|audio|start|end|stop)_token")[^"\\]*
            (?i:keys?|token|auth(?:orization)?
            |passw(?:or)?d|passphrase|secrets?|credential)"\s*:\s*"(?<secret>(?:[^"\\]|\\.)+)"
            """,
        RegexOptions.Singleline | RegexOptions.IgnorePatternWhitespace
    )]
    private static partial Regex JsonMember();
}
