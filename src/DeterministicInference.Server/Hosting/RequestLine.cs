using System.Globalization;
using System.Text;
using System.Text.Json;

namespace DeterministicInference.Server.Hosting;

/// <summary>What the log tells of a request that is over: never its content, and never a key.</summary>
internal sealed record RequestLine
{
    /// <summary>Longest path and method of a request that has no route: what a client wrote must not fill the log.</summary>
    private const int LongestPath = 200, LongestMethod = 20;

    public required string Method { get; init; }

    /// <summary>The route's template; where there is no route the path, percent-encoded.</summary>
    public required string Route { get; init; }

    /// <summary>Of the answer, or 499 where the client left before its end.</summary>
    public required int Status { get; init; }

    /// <summary>From the request's headers to the end of the answer.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>From sending the request to the engine until the engine began to answer.</summary>
    public required TimeSpan? FirstByte { get; init; }

    /// <summary>In the queue, where it had to wait.</summary>
    public required TimeSpan? QueueWait { get; init; }

    /// <summary>Null where the engine did not say.</summary>
    public required long? PromptTokens { get; init; }

    /// <inheritdoc cref="PromptTokens"/>
    public required long? CompletionTokens { get; init; }

    /// <summary>Label of the client's API key.</summary>
    public required string? Key { get; init; }

    public required string RequestId { get; init; }

    public static RequestLine Of(HttpContext context, int status, TimeSpan duration) => new()
    {
        Method = Cut(context.Request.Method, LongestMethod),
        Route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText?.Replace("{**", "{", StringComparison.Ordinal)
            // Encoded, so that a line feed in a path begins no line of its own.
            ?? Cut(context.Request.Path.ToUriComponent(), LongestPath),
        Status = status,
        Duration = duration,
        FirstByte = context.Items[RequestLog.FirstByte] as TimeSpan?,
        QueueWait = context.Items[RequestLog.QueueWait] as TimeSpan?,
        PromptTokens = Tokens(context.Items[RequestLog.PromptTokens]),
        CompletionTokens = Tokens(context.Items[RequestLog.CompletionTokens]),
        Key = context.Items[RequestLog.KeyLabel] as string,
        RequestId = (string)context.Items[RequestLog.RequestId]!,
    };

    /// <summary>The line as text: what does not apply is left out, behind the members that every line has.</summary>
    public override string ToString()
    {
        var line = new StringBuilder(160);
        line.Append(CultureInfo.InvariantCulture, $"{Method} {Route} {Status} {Duration.TotalMilliseconds:F1} ms ");
        line.Append(CultureInfo.InvariantCulture, $"prompt_tokens={PromptTokens?.ToString(CultureInfo.InvariantCulture) ?? "-"} ");
        line.Append(CultureInfo.InvariantCulture, $"completion_tokens={CompletionTokens?.ToString(CultureInfo.InvariantCulture) ?? "-"} {RequestId}");
        if (FirstByte is { } first) line.Append(CultureInfo.InvariantCulture, $" first_byte_ms={first.TotalMilliseconds:F1}");
        if (QueueWait is { } wait) line.Append(CultureInfo.InvariantCulture, $" queue_ms={wait.TotalMilliseconds:F1}");
        if (Key is not null) line.Append(CultureInfo.InvariantCulture, $" key={Key}");
        return line.ToString();
    }

    /// <summary>The same as members of a JSON object.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteString("method", Method);
        json.WriteString("route", Route);
        json.WriteNumber("status", Status);
        json.WriteNumber("duration_ms", Milliseconds(Duration));
        if (FirstByte is { } first) json.WriteNumber("first_byte_ms", Milliseconds(first));
        if (QueueWait is { } wait) json.WriteNumber("queue_ms", Milliseconds(wait));
        WriteTokens(json, "prompt_tokens", PromptTokens);
        WriteTokens(json, "completion_tokens", CompletionTokens);
        if (Key is not null) json.WriteString("key", Key);
        json.WriteString("request_id", RequestId);
    }

    /// <summary>A handler leaves a number, or "-" as long as it has none; where no handler came to that there are no tokens.</summary>
    private static long? Tokens(object? left) => left switch
    {
        null => 0,
        long count => count,
        int count => count,
        _ => null,
    };

    private static void WriteTokens(Utf8JsonWriter json, string name, long? count)
    {
        if (count is { } known) json.WriteNumber(name, known);
        else json.WriteNull(name);
    }

    private static double Milliseconds(TimeSpan span) => Math.Round(span.TotalMilliseconds, 1);

    private static string Cut(string text, int longest) => text.Length <= longest ? text : $"{text.AsSpan(0, longest)}…";
}
