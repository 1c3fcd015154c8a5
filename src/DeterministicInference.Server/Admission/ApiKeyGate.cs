using System.Security.Cryptography;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Hosting;

namespace DeterministicInference.Server.Admission;

/// <summary>
/// Lets a request pass whose client presents one of the keys, in <c>Authorization: Bearer KEY</c> or, as llama.cpp's clients
/// send it, <c>X-Api-Key: KEY</c>. Probes need none: what probes a server can't keep a secret.
/// </summary>
internal sealed class ApiKeyGate
{
    private const string Scheme = "Bearer ";

    private readonly IReadOnlyList<ApiKey> _keys;

    /// <exception cref="IOException">The file of keys has become unusable since the settings were checked.</exception>
    public ApiKeyGate(InferenceOptions options)
    {
        ApiKeySettings settings = ApiKeySettings.Read(options);
        // Without a key that can be met the door would be shut, or open.
        if (settings.Problems is [var (setting, complaint), ..]) throw new IOException($"{SettingTable.Of(setting).Flag} {complaint}");
        _keys = settings.Keys;
    }

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!Probes.Include(context.Request.Path)) context.Items[RequestLog.KeyLabel] = Require(context).Label;
        return next(context);
    }

    private ApiKey Require(HttpContext context)
    {
        string? authorization = context.Request.Headers.Authorization;
        string? bearer = authorization is not null && authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? authorization[Scheme.Length..].Trim() : null;
        string? other = context.Request.Headers["X-Api-Key"];
        if (Find(bearer) is { } key) return key;
        // A gateway in front may use Authorization for a purpose of its own.
        if (Find(other) is { } second) return second;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        throw bearer is { Length: > 0 } ? AdmissionErrors.WrongKey(bearer) : other is { Length: > 0 } ? AdmissionErrors.WrongKey(other) : AdmissionErrors.NoKey();
    }

    /// <summary>Compares digests, and always with every key: the time taken tells nothing of how near a guess came.</summary>
    private ApiKey? Find(string? presented)
    {
        if (string.IsNullOrEmpty(presented)) return null;
        byte[] digest = ApiKey.DigestOf(presented);
        ApiKey? found = null;
        foreach (ApiKey key in _keys)
        {
            if (CryptographicOperations.FixedTimeEquals(digest, key.Digest)) found = key;
        }
        return found;
    }
}
