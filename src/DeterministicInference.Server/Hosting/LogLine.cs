using System.Buffers;
using System.Text;
using System.Text.Json;
using DeterministicInference.Server.OpenAI;
using Microsoft.Extensions.Logging.Abstractions;

namespace DeterministicInference.Server.Hosting;

/// <summary>How a log entry is written, on the console and in a file.</summary>
internal sealed class LogLine(TimeProvider time, bool asJson)
{
    /// <summary>
    /// Kestrel's error, with a stack, for each client that left in the middle of its body. It is none: the line of the request
    /// tells of it, and whoever wants to fill the log needs only to send half a body many times.
    /// </summary>
    private const string ClientLeftInItsBody = "RequestBodyDrainBodyReaderInvalidState";

    /// <summary><c>2025-10-23 10:30:45 | INFO     | deterministic_inference.server | message</c>, or one JSON object,
    /// which has what is told of a request as members too. Empty for an entry that is not worth a line.</summary>
    public string Format<TState>(in LogEntry<TState> entry)
    {
        if (entry.EventId.Name == ClientLeftInItsBody) return "";
        string message = entry.Formatter(entry.State, entry.Exception);
        return asJson ? Json(entry.LogLevel, entry.Category, message, entry.State as RequestLine, entry.Exception) : Text(entry.LogLevel, entry.Category, message, entry.Exception);
    }

    public static string LevelName(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "DEBUG",
        LogLevel.Information => "INFO",
        LogLevel.Warning => "WARNING",
        LogLevel.Error => "ERROR",
        _ => "CRITICAL",
    };

    private string Text(LogLevel level, string category, string message, Exception? exception)
    {
        string line = $"{time.GetLocalNow():yyyy-MM-dd HH:mm:ss} | {LevelName(level),-8} | {category} | {message}\n";
        return exception is null ? line : $"{line}{exception}\n";
    }

    private string Json(LogLevel level, string category, string message, RequestLine? request, Exception? exception)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, ApiJson.WriterOptions))
        {
            json.WriteStartObject();
            json.WriteString("time", time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", null));
            json.WriteString("level", LevelName(level));
            json.WriteString("module", category);
            json.WriteString("message", message);
            request?.Write(json);
            if (exception is not null) json.WriteString("exception", exception.ToString());
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n";
    }
}
