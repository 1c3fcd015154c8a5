using System.Globalization;

namespace DeterministicInference.Server.OpenAI;

/// <summary>A request that is answered with an error in the OpenAI shape.</summary>
/// <param name="status">HTTP status.</param>
/// <param name="type">For example <c>invalid_request_error</c>.</param>
/// <param name="message">Error and remedy; shown to the client.</param>
/// <param name="param">Path of the field, for example <c>messages[2].role</c>.</param>
/// <param name="code">Machine-readable reason.</param>
internal sealed class OpenAIException(
    int status,
    string type,
    string message,
    string? param = null,
    string? code = null
) : Exception(message)
{
    /// <summary>Longest text of a client that a message repeats, in characters.</summary>
    private const int LongestQuote = 200;

    /// <summary>Default of Retry-After, in seconds.</summary>
    public const string UsualRetryAfter = "5";

    /// <summary>The same.</summary>
    public static readonly TimeSpan UsualRetryDelay = TimeSpan.FromSeconds(5);

    public int Status { get; } = status;

    public string Type { get; } = type;

    public string? Param { get; } = param;

    public string? Code { get; } = code;

    /// <summary>
    /// Value of the Retry-After header: seconds, or a date. Without the header clients retry at once.
    /// </summary>
    public string? RetryAfter { get; init; }

    /// <summary>This server's estimate of the time after which the request succeeds; at least a second.</summary>
    public TimeSpan RetryIn
    {
        init
        {
            RetryAfter = Math.Ceiling(value.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            Headers =
            [
                new(
                    RetryHeaders.Milliseconds,
                    Math.Ceiling(value.TotalMilliseconds).ToString(CultureInfo.InvariantCulture)
                ),
            ];
        }
    }

    /// <summary>Further headers of the error.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Whether the message is the engine's text: it may quote the prompt, so it is not logged.</summary>
    public bool IsQuoted { get; init; }

    public static OpenAIException Invalid(string message, string? param = null, string? code = null) =>
        new(StatusCodes.Status400BadRequest, "invalid_request_error", message, param, code);

    public static OpenAIException InvalidType(string param, string expected, string actual) =>
        Invalid($"Invalid type for '{param}': expected {expected}, but got {actual} instead.", param, "invalid_type");

    public static OpenAIException Missing(string param) =>
        Invalid($"Missing required parameter: '{param}'.", param, "missing_required_parameter");

    public static OpenAIException UnknownModel(string id, ServedModels served) =>
        new(
            StatusCodes.Status404NotFound,
            "invalid_request_error",
            $"The model '{Quoted(id)}' does not exist. "
                + (
                    served.All.Count == 0
                        ? "What this server serves is not known."
                        : $"This server serves {served.Describe()}."
                ),
            "model",
            "model_not_found"
        );

    /// <summary>A text of the client as a message repeats it: not more than a reader would look at.</summary>
    public static string Quoted(string text) =>
        text.Length <= LongestQuote ? text
        : char.IsHighSurrogate(text[LongestQuote - 1]) ? text[..(LongestQuote - 1)] + "…"
        : text[..LongestQuote] + "…";

    public static OpenAIException Unsupported(string param, string remedy) =>
        Invalid($"Unsupported parameter: '{param}'. {remedy}", param, "unsupported_parameter");
}
