using System.Buffers;
using System.Text.Json;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Server.Configuration;

/// <summary>
/// Removes known secrets from foreign text, as engines print their arguments and variables. Known are the values that
/// <see cref="SecretArguments"/> calls secret, the server's keys, and the engine's key.
/// </summary>
internal sealed class SecretMask
{
    /// <summary>Shorter secrets would match ordinary text.</summary>
    private const int ShortestSecret = 6;

    private readonly string[] _secrets;
    private readonly SearchValues<string>? _any;

    private SecretMask(IEnumerable<string> secrets)
    {
        // The longest first: a secret that is part of another one must not leave the rest of the other.
        _secrets =
        [
            .. secrets
                .Select(secret => secret.Trim())
                .Where(secret => secret.Length >= ShortestSecret)
                .SelectMany(Spellings)
                .Distinct()
                .OrderByDescending(secret => secret.Length),
        ];
        if (_secrets.Length > 0)
            _any = SearchValues.Create(_secrets, StringComparison.Ordinal);
    }

    /// <param name="options">Settings; their engine arguments may contain secrets.</param>
    /// <param name="keys">Keys of the server and of the engine.</param>
    /// <param name="environment">Environment variables, which the engine inherits.</param>
    /// <param name="drawn">Keys that the server has drawn; empty ones are passed over.</param>
    public static SecretMask Of(
        ServeOptions options,
        ServeKeys keys,
        IReadOnlyDictionary<string, string> environment,
        params IReadOnlyList<string> drawn
    ) =>
        new([
            .. SecretArguments.SecretsIn([.. options.BackendCommand?.Split(' ') ?? [], .. options.BackendArguments]),
            .. SecretArguments.SecretsIn(options.SignerCommand),
            .. environment
                .Where(variable => SecretArguments.IsSecretVariable(variable.Key))
                .Select(variable => variable.Value),
            .. keys.Secrets,
            .. drawn,
        ]);

    /// <summary>Replaces every secret by <c>***</c>.</summary>
    public string Apply(string text)
    {
        if (_any is null || !text.AsSpan().ContainsAny(_any))
            return text;
        foreach (string secret in _secrets)
            text = text.Replace(secret, SecretArguments.Mask, StringComparison.Ordinal);
        return text;
    }

    /// <summary>The secret as it is, and as Python and JSON quote it.</summary>
    private static IEnumerable<string> Spellings(string secret)
    {
        string python = secret.Replace("\\", "\\\\", StringComparison.Ordinal);
        return
        [
            secret,
            python,
            python.Replace("'", "\\'", StringComparison.Ordinal),
            JsonEncodedText.Encode(secret).Value,
            JsonEncodedText.Encode(secret, JsonBytes.WriterOptions.Encoder).Value,
        ];
    }
}
