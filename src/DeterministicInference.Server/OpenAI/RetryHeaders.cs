namespace DeterministicInference.Server.OpenAI;

/// <summary>
/// Headers that say when a request may be repeated, beside Retry-After. The client libraries of OpenAI read them
/// (openai-python, src/openai/_base_client.py: <c>_parse_retry_after_header</c>, <c>_should_retry</c>).
/// </summary>
internal static class RetryHeaders
{
    /// <summary>Time to wait, in milliseconds.</summary>
    public const string Milliseconds = "retry-after-ms";

    /// <summary><c>true</c> or <c>false</c>, whatever the status.</summary>
    public const string ShouldRetry = "x-should-retry";

    /// <summary>What the names of headers about limits begin with.</summary>
    public const string RateLimitPrefix = "x-ratelimit-";

    /// <summary>The API's headers about limits.</summary>
    public static IReadOnlyList<string> RateLimits { get; } =
    [
        .. ((string[])["limit", "remaining", "reset"]).SelectMany(kind =>
            ((string[])["requests", "tokens"]).Select(of => $"{RateLimitPrefix}{kind}-{of}")
        ),
    ];
}
