using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Proxy;

/// <summary>Errors of our own that say that the engine failed. What the operator needs to know beyond that is in the log.</summary>
internal static class BackendFailures
{
    public static OpenAIException Of(HttpRequestError error) => error is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
        ? new(StatusCodes.Status502BadGateway, "server_error", "The backend failed: it can't be reached.", code: "backend_unavailable") { RetryAfter = HealthReport.RetryAfter }
        : BadAnswer(error switch
        {
            HttpRequestError.ResponseEnded => "it closed the connection before its answer was complete.",
            HttpRequestError.InvalidResponse => "its answer is not valid HTTP.",
            HttpRequestError.ConfigurationLimitExceeded => "its answer is too large.",
            _ => "the connection to it broke.",
        });

    public static OpenAIException BadAnswer(string reason) =>
        new(StatusCodes.Status502BadGateway, "server_error", $"The backend failed: {reason}", code: "backend_error");

    public static OpenAIException ConnectTimeout(TimeSpan limit) => TimedOut($"it did not accept a connection within {limit.TotalSeconds} s (--connect-timeout).");

    /// <param name="reason">Names the setting.</param>
    public static OpenAIException TimedOut(string reason) =>
        new(StatusCodes.Status504GatewayTimeout, "server_error", $"The backend failed: {reason}", code: "backend_timeout") { RetryAfter = HealthReport.RetryAfter };
}
