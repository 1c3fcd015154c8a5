using System.Globalization;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Admission;

/// <summary>Why this server, and not the engine, refuses a request.</summary>
internal static class AdmissionErrors
{
    /// <summary>Keys that are shorter show nothing of themselves: a few characters would be too much of them.</summary>
    private const int ShortestMasked = 16;

    /// <summary>Seconds until it may be worth asking again.</summary>
    private const string RetryAfter = "5";

    public static OpenAIException NoKey() => Unauthorized("You didn't provide an API key. Send one of this server's keys in the header 'Authorization: Bearer KEY'.");

    public static OpenAIException WrongKey(string presented) => Unauthorized($"Incorrect API key provided: {Mask(presented)}. Send one of this server's keys.");

    /// <param name="limit">Requests that may be with the engine.</param>
    /// <param name="limitedBy">What says so.</param>
    /// <param name="queueLimit">Requests that may wait.</param>
    public static OpenAIException QueueFull(int limit, string limitedBy, int queueLimit) => TooMany(
        $"This server has as many requests as it takes: {limit} with the engine ({limitedBy}) and {queueLimit} waiting (--max-queue). Try again later.",
        "rate_limit_exceeded");

    public static OpenAIException QueueTimeout(TimeSpan waited) => TooMany(
        string.Create(CultureInfo.InvariantCulture, $"This request has waited {waited.TotalSeconds:0.###} s for its turn, the longest that this server allows (--queue-timeout). Try again later."),
        "queue_timeout");

    public static OpenAIException OriginNotAllowed() => new(StatusCodes.Status403Forbidden, "invalid_request_error",
        "Pages of this origin may not call the API. The server's --cors-origins lists the origins that may.", code: "origin_not_allowed");

    /// <summary>Enough of a key to recognise one's own.</summary>
    private static string Mask(string key) => key.Length >= ShortestMasked && ApiKey.IsWord(key) ? $"{key[..3]}…{key[^4..]}" : "***";

    private static OpenAIException Unauthorized(string message) => new(StatusCodes.Status401Unauthorized, "invalid_request_error", message, code: "invalid_api_key");

    private static OpenAIException TooMany(string message, string code) => new(StatusCodes.Status429TooManyRequests, "requests", message, code: code) { RetryAfter = RetryAfter };
}
