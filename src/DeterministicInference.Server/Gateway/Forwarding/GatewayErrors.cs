using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Gateway.Forwarding;

/// <summary>This server's errors for a failed engine. Details for the operator are in the log.</summary>
internal static class GatewayErrors
{
    public static OpenAIException Of(HttpRequestError error) =>
        error is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
            ? new(
                StatusCodes.Status502BadGateway,
                "server_error",
                "The engine failed: it can't be reached.",
                code: "backend_unavailable"
            )
            {
                RetryAfter = OpenAIException.UsualRetryAfter,
            }
            : BadAnswer(
                error switch
                {
                    HttpRequestError.ResponseEnded => "it closed the connection before its answer was complete.",
                    HttpRequestError.InvalidResponse => "its answer is not valid HTTP.",
                    HttpRequestError.ConfigurationLimitExceeded => "its answer is too large.",
                    _ => "the connection to it broke.",
                }
            );

    public static OpenAIException BadAnswer(string reason) =>
        new(StatusCodes.Status502BadGateway, "server_error", $"The engine failed: {reason}", code: "backend_error");

    public static OpenAIException EventTooLarge() => BadAnswer("its stream has an event that is too large.");

    public static OpenAIException StreamBroke() => BadAnswer("its stream broke before the answer was complete.");

    public static OpenAIException ConnectTimeout(TimeSpan limit) =>
        TimedOut($"it did not accept a connection within {limit.TotalSeconds} s (--connect-timeout).");

    /// <param name="reason">The reason; names the setting.</param>
    public static OpenAIException TimedOut(string reason) =>
        new(
            StatusCodes.Status504GatewayTimeout,
            "server_error",
            $"The engine failed: {reason}",
            code: "backend_timeout"
        )
        {
            RetryAfter = OpenAIException.UsualRetryAfter,
        };
}
