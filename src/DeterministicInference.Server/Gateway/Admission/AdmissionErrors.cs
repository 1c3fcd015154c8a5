using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Gateway.Admission;

/// <summary>Errors of requests that this server refuses before they reach the engine.</summary>
internal static class AdmissionErrors
{
    /// <summary>Shorter keys are masked completely: a few characters would reveal too much of them.</summary>
    private const int ShortestMasked = 16;

    public static OpenAIException NoKey() =>
        Unauthorized(
            "You didn't provide an API key. Send one of this server's keys in the header 'Authorization: Bearer KEY'."
        );

    public static OpenAIException WrongKey(string presented) =>
        Unauthorized($"Incorrect API key provided: {Mask(presented)}. Send one of this server's keys.");

    /// <param name="limit">Requests that the engine works on at once.</param>
    /// <param name="limitedBy">Which setting or engine sets the limit.</param>
    /// <param name="queueLimit">Requests that may wait in the queue.</param>
    /// <param name="turn">When a request that comes now would have its turn.</param>
    public static OpenAIException QueueFull(int limit, string limitedBy, int queueLimit, TimeSpan turn) =>
        TooMany(
            turn,
            $"The server is full: {limit} requests are with the engine ({limitedBy}) and {queueLimit} wait "
                + "(--max-queue). Try again later.",
            "rate_limit_exceeded"
        );

    public static OpenAIException QueueTimeout(TimeSpan waited, TimeSpan turn) =>
        TooMany(
            turn,
            $"The request waited {waited.TotalSeconds:0.###} s in the queue, the limit of --queue-timeout. Try again "
                + "later.",
            "queue_timeout"
        );

    /// <summary>Shows as much of a key as its owner needs to recognise it.</summary>
    private static string Mask(string key) =>
        key.Length >= ShortestMasked && ApiKey.IsWord(key) ? $"{key[..3]}…{key[^4..]}" : "***";

    private static OpenAIException Unauthorized(string message) =>
        new(StatusCodes.Status401Unauthorized, "invalid_request_error", message, code: "invalid_api_key");

    private static OpenAIException TooMany(TimeSpan turn, string message, string code) =>
        new(StatusCodes.Status429TooManyRequests, "requests", message, code: code) { RetryIn = turn };
}
