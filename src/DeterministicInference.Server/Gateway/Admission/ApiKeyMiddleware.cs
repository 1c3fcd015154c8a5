using System.Security.Cryptography;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Hosting;
using DeterministicInference.Server.Receipts.Http;
using DeterministicInference.Server.Receipts.Store;

namespace DeterministicInference.Server.Gateway.Admission;

/// <summary>
/// Lets a request pass whose client presents one of the keys, in <c>Authorization: Bearer KEY</c> or, as llama.cpp's
/// clients send it, <c>X-Api-Key: KEY</c>. Health routes need no key: probes are often configured where a secret can't
/// be kept.
/// </summary>
/// <param name="keys">The keys; if empty, every request is refused.</param>
/// <param name="owners">The owners of receipts; null where receipts are off.</param>
/// <param name="isLogPublic">Whether the log of receipts needs no key.</param>
internal sealed class ApiKeyMiddleware(IReadOnlyList<ApiKey> keys, ReceiptOwners? owners, bool isLogPublic)
{
    private const string Scheme = "Bearer ";

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        PathString path = context.Request.Path;
        if (!HealthRoutes.Contains(path) && !(isLogPublic && LogRoutes.Contains(path)))
        {
            ApiKey key = Require(context);
            RequestFacts facts = RequestFacts.Of(context);
            (facts.KeyLabel, facts.ReceiptOwner) = (key.Label, owners?.TagOf(key));
        }
        return next(context);
    }

    private ApiKey Require(HttpContext context)
    {
        string? authorization = context.Request.Headers.Authorization;
        string? bearer =
            authorization?.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) == true
                ? authorization[Scheme.Length..].Trim()
                : null;
        string? other = context.Request.Headers["X-Api-Key"];
        // A gateway in front of this server may use Authorization for its own purposes.
        if ((Find(bearer) ?? Find(other)) is { } key)
            return key;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        string? presented = bearer is { Length: > 0 } ? bearer : other;
        throw string.IsNullOrEmpty(presented) ? AdmissionErrors.NoKey() : AdmissionErrors.WrongKey(presented);
    }

    /// <summary>
    /// Compares digests, always with every key, so that the time does not reveal how close a guess is.
    /// </summary>
    private ApiKey? Find(string? presented)
    {
        if (string.IsNullOrEmpty(presented))
            return null;
        byte[] digest = ApiKey.DigestOf(presented);
        ApiKey? found = null;
        foreach (ApiKey key in keys)
        {
            if (CryptographicOperations.FixedTimeEquals(digest, key.Digest))
                found = key;
        }
        return found;
    }
}
