using System.Net.Http.Headers;
using System.Text;

namespace DeterministicInference.Server.Gateway.Forwarding;

/// <summary>Headers of the engine's answer that are relayed to the client.</summary>
internal static class AnswerHeaders
{
    private static readonly string[] Names =
    [
        "Retry-After",
        "openai-processing-ms",
        "x-ratelimit-limit-requests",
        "x-ratelimit-limit-tokens",
        "x-ratelimit-remaining-requests",
        "x-ratelimit-remaining-tokens",
        "x-ratelimit-reset-requests",
        "x-ratelimit-reset-tokens",
    ];

    public static void Relay(HttpResponseMessage from, HttpResponse to)
    {
        foreach (string name in Names)
        {
            if (Value(from, name) is { } value)
                to.Headers[name] = value;
        }
    }

    /// <summary>
    /// A header's only value, where it may be relayed: headers that Connection lists are for this hop only (RFC 9110,
    /// section 7.6.1).
    /// </summary>
    private static string? Value(HttpResponseMessage response, string name)
    {
        if (!response.Headers.NonValidated.TryGetValues(name, out HeaderStringValues values) || values.Count != 1)
            return null;
        string value = values.ToString();
        bool isForThisHop = response.Headers.Connection.Contains(name, StringComparer.OrdinalIgnoreCase);
        return Ascii.IsValid(value) && !value.Any(char.IsControl) && !isForThisHop ? value : null;
    }
}
