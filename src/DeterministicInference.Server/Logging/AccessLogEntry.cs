using System.Globalization;
using System.Text;
using System.Text.Json;

namespace DeterministicInference.Server.Logging;

/// <summary>The log entry of a request that has ended: never its content, and never a key.</summary>
internal sealed record AccessLogEntry
{
    public required string Method { get; init; }

    /// <summary>The route's template; without a matched route the path, percent-encoded.</summary>
    public required string Route { get; init; }

    /// <summary>Status of the answer, or 499 where the client disconnected before its end.</summary>
    public required int Status { get; init; }

    /// <summary>Time from the request's headers to the end of the answer.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Time from sending the request to the engine's first byte.</summary>
    public required TimeSpan? FirstByte { get; init; }

    /// <summary>Time in the queue, where the request had to wait.</summary>
    public required TimeSpan? QueueWait { get; init; }

    /// <summary>Tokens of the prompt; null where the engine did not report them.</summary>
    public required long? PromptTokens { get; init; }

    /// <inheritdoc cref="PromptTokens"/>
    public required long? CompletionTokens { get; init; }

    /// <summary>The seed that was drawn for the request (<c>--seed random</c>); null where none was.</summary>
    public required long? Seed { get; init; }

    /// <summary>Label of the client's API key.</summary>
    public required string? Key { get; init; }

    public required string RequestId { get; init; }

    /// <summary>The entry as text: the members that every line has, then those that apply.</summary>
    public override string ToString()
    {
        var line = new StringBuilder(160);
        line.Append(CultureInfo.InvariantCulture, $"{Method} {Route} {Status} {Duration.TotalMilliseconds:F1} ms ");
        line.Append(
            CultureInfo.InvariantCulture,
            $"prompt_tokens={PromptTokens?.ToString(CultureInfo.InvariantCulture) ?? "-"} "
        );
        line.Append(
            CultureInfo.InvariantCulture,
            $"completion_tokens={CompletionTokens?.ToString(CultureInfo.InvariantCulture) ?? "-"} {RequestId}"
        );
        if (FirstByte is { } first)
            line.Append(CultureInfo.InvariantCulture, $" first_byte_ms={first.TotalMilliseconds:F1}");
        if (QueueWait is { } wait)
            line.Append(CultureInfo.InvariantCulture, $" queue_ms={wait.TotalMilliseconds:F1}");
        if (Seed is { } seed)
            line.Append(CultureInfo.InvariantCulture, $" seed={seed}");
        if (Key is not null)
            line.Append(CultureInfo.InvariantCulture, $" key={Key}");
        return line.ToString();
    }

    /// <summary>Writes the entry as members of a JSON object.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteString("method", Method);
        json.WriteString("route", Route);
        json.WriteNumber("status", Status);
        json.WriteNumber("duration_ms", Milliseconds(Duration));
        if (FirstByte is { } first)
            json.WriteNumber("first_byte_ms", Milliseconds(first));
        if (QueueWait is { } wait)
            json.WriteNumber("queue_ms", Milliseconds(wait));
        WriteTokens(json, "prompt_tokens", PromptTokens);
        WriteTokens(json, "completion_tokens", CompletionTokens);
        if (Seed is { } seed)
            json.WriteNumber("seed", seed);
        if (Key is not null)
            json.WriteString("key", Key);
        json.WriteString("request_id", RequestId);
    }

    private static void WriteTokens(Utf8JsonWriter json, string name, long? count)
    {
        if (count is { } known)
            json.WriteNumber(name, known);
        else
            json.WriteNull(name);
    }

    private static double Milliseconds(TimeSpan span) => Math.Round(span.TotalMilliseconds, 1);
}
