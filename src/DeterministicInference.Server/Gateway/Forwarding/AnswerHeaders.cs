using System.Net.Http.Headers;
using System.Text;
using DeterministicInference.Server.OpenAI;
using Microsoft.Net.Http.Headers;

namespace DeterministicInference.Server.Gateway.Forwarding;

/// <summary>Headers of the engine's answer that are relayed to the client.</summary>
internal static class AnswerHeaders
{
    private static readonly string[] Names =
    [
        HeaderNames.RetryAfter,
        RetryHeaders.Milliseconds,
        RetryHeaders.ShouldRetry,
        "openai-processing-ms",
    ];

    public static void Relay(HttpResponseMessage from, HttpResponse to)
    {
        foreach ((string name, string value) in Of(from))
            to.Headers[name] = value;
    }

    /// <summary>The headers that are relayed, of an error too.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Of(HttpResponseMessage response)
    {
        List<KeyValuePair<string, string>> found = [];
        foreach (string name in response.Headers.NonValidated.Select(header => header.Key).Where(IsRelayed))
        {
            if (Value(response, name) is { } value)
                found.Add(new(name, value));
        }
        return found;
    }

    private static bool IsRelayed(string name) =>
        name.StartsWith(RetryHeaders.RateLimitPrefix, StringComparison.OrdinalIgnoreCase)
        || Names.Contains(name, StringComparer.OrdinalIgnoreCase);

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
