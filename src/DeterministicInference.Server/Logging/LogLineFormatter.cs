using DeterministicInference.Receipts.Json;
using Microsoft.Extensions.Logging.Abstractions;

namespace DeterministicInference.Server.Logging;

/// <summary>Formats log entries for the console and for files.</summary>
internal sealed class LogLineFormatter(TimeProvider time, bool asJson)
{
    /// <summary>
    /// Event with which Kestrel logs, as an error with a stack trace, each client that disconnects within its request
    /// body (MessageBody.cs in dotnet/aspnetcore, src/Servers/Kestrel, 10.0). It is no error of the server: the access
    /// log already has a line, and logging it would let clients flood the log.
    /// </summary>
    private const string ClientLeftInItsBody = "RequestBodyDrainBodyReaderInvalidState";

    /// <summary>
    /// <c>2025-10-23 10:30:45 | INFO | deterministic_inference.server | message</c>, whose further lines are indented,
    /// or one JSON object, with the access log's fields as members. Empty for an entry that is not logged.
    /// </summary>
    public string Format<TState>(in LogEntry<TState> entry)
    {
        if (entry.EventId.Name == ClientLeftInItsBody)
            return "";
        string message = entry.Formatter(entry.State, entry.Exception);
        return asJson
            ? Json(entry.LogLevel, entry.Category, message, entry.State as AccessLogEntry, entry.Exception)
            : Text(entry.LogLevel, entry.Category, message, entry.Exception);
    }

    private string Text(LogLevel level, string category, string message, Exception? exception)
    {
        string text = EntryText.Of(exception is null ? message : $"{message}\n{exception}");
        return $"{time.GetLocalNow():yyyy-MM-dd HH:mm:ss} | {LogLevelNames.Of(level), -8} | {category} | {text}\n";
    }

    private string Json(LogLevel level, string category, string message, AccessLogEntry? request, Exception? exception)
    {
        return JsonBytes.WriteText(json =>
            {
                json.WriteStartObject();
                json.WriteString("time", time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", null));
                json.WriteString("level", LogLevelNames.Of(level));
                json.WriteString("module", category);
                json.WriteString("message", message);
                request?.Write(json);
                if (exception is not null)
                    json.WriteString("exception", exception.ToString());
                json.WriteEndObject();
            }) + "\n";
    }
}
