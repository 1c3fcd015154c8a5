using System.Buffers;
using System.Text.Json;

namespace DeterministicInference.Server.Configuration;

/// <summary>
/// Takes known secrets out of text that somebody else wrote: engines print their arguments and variables. Known are the values
/// that <see cref="SecretArguments"/> calls secret, the server's own keys, and the one that it shows to the engine.
/// </summary>
internal sealed class SecretMask
{
    /// <summary>Shorter ones would be found in any text.</summary>
    private const int ShortestSecret = 6;

    private readonly string[] _secrets;
    private readonly SearchValues<string>? _any;

    private SecretMask(IEnumerable<string> secrets)
    {
        // The longest first: a secret that is part of another must not leave the rest of that one.
        _secrets = [.. secrets.Select(secret => secret.Trim()).Where(secret => secret.Length >= ShortestSecret).SelectMany(Spellings).Distinct().OrderByDescending(secret => secret.Length)];
        if (_secrets.Length > 0) _any = SearchValues.Create(_secrets, StringComparison.Ordinal);
    }

    /// <param name="options">Settings: keys of the server, arguments of the engine.</param>
    /// <param name="environment">Variables, which the engine inherits.</param>
    public static SecretMask Of(InferenceOptions options, IReadOnlyDictionary<string, string> environment) => new(
    [
        .. SecretArguments.SecretsIn([.. options.BackendCommand?.Split(' ') ?? [], .. options.BackendArguments]),
        .. environment.Where(variable => SecretArguments.IsSecretVariable(variable.Key)).Select(variable => variable.Value),
        .. options.ApiKey,
        .. options.ApiKeyFile is { } file ? KeysOf(file) : [],
        .. options.BackendApiKey is { } key ? (string[])[key] : [],
        .. options.BackendApiKeyFile is { } keyFile ? KeysOf(keyFile) : [],
    ]);

    /// <summary>The text with <c>***</c> in the place of every secret.</summary>
    public string Apply(string text)
    {
        if (_any is null || !text.AsSpan().ContainsAny(_any)) return text;
        foreach (string secret in _secrets) text = text.Replace(secret, SecretArguments.Mask, StringComparison.Ordinal);
        return text;
    }

    /// <summary>As it is, and as Python and JSON quote it.</summary>
    private static IEnumerable<string> Spellings(string secret)
    {
        string python = secret.Replace("\\", "\\\\", StringComparison.Ordinal);
        return [secret, python, python.Replace("'", "\\'", StringComparison.Ordinal), JsonEncodedText.Encode(secret).Value, JsonEncodedText.Encode(secret, OpenAI.ApiJson.WriterOptions.Encoder).Value];
    }

    /// <summary>The last word of each line that is no comment, whose words are no secrets: a label may stand before the key. Without a file there are no keys; that it is missing is told elsewhere.</summary>
    private static IEnumerable<string> KeysOf(string file)
    {
        try
        {
            return [.. File.ReadLines(file).Select(line => line.Trim()).Where(line => !line.StartsWith('#')).Select(line => line.Split((char[])[' ', '\t'])[^1])];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
