using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace DeterministicInference.Server.Hosting;

/// <summary>
/// Log lines on standard output: <c>2025-10-23 10:30:45 | INFO     | deterministic_inference.engine | message</c>.
/// </summary>
internal sealed class ConsoleLog(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    private const string FormatterName = "line";

    public static void Configure(ILoggingBuilder logging, LogLevel level)
    {
        logging.ClearProviders();
        logging.AddConsole(console =>
        {
            console.FormatterName = FormatterName;
            // A reader that stops reading must not stop the server.
            console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite;
        });
        logging.Services.AddSingleton<ConsoleFormatter, ConsoleLog>();
        logging.SetMinimumLevel(level);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("System", LogLevel.Warning);
        // What stops the host from starting is reported by the command, in one line.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
    }

    public override void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        textWriter.Write(time.GetLocalNow().ToString("yyyy-MM-dd HH:mm:ss", null));
        textWriter.Write(" | ");
        textWriter.Write(LevelName(entry.LogLevel));
        textWriter.Write(" | ");
        textWriter.Write(entry.Category);
        textWriter.Write(" | ");
        textWriter.Write(entry.Formatter(entry.State, entry.Exception));
        if (entry.Exception is not null)
        {
            textWriter.Write('\n');
            textWriter.Write(entry.Exception);
        }
        textWriter.Write('\n');
    }

    private static string LevelName(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "DEBUG   ",
        LogLevel.Information => "INFO    ",
        LogLevel.Warning => "WARNING ",
        LogLevel.Error => "ERROR   ",
        _ => "CRITICAL",
    };
}
