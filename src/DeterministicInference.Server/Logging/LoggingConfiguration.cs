using Microsoft.Extensions.Logging.Console;

namespace DeterministicInference.Server.Logging;

/// <summary>Where the log goes, and from which level on.</summary>
/// <param name="Level">Lowest level of this program's modules; frameworks log from WARNING on.</param>
/// <param name="AsJson">One JSON object per line instead of text.</param>
/// <param name="ToConsole">Whether the log is written to standard output.</param>
/// <param name="File">File to which the log is also written, or null.</param>
internal sealed record LoggingConfiguration(
    LogLevel Level,
    bool AsJson = false,
    bool ToConsole = true,
    RotatingFile? File = null
)
{
    public void Apply(ILoggingBuilder logging)
    {
        var line = new LogLineFormatter(TimeProvider.System, AsJson);
        logging.ClearProviders();
        if (ToConsole)
        {
            logging.AddConsole(console =>
            {
                console.FormatterName = ConsoleLineFormatter.FormatterName;
                // A reader that stops reading must not block the server. The runtime ignores a reader that is gone.
                console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite;
            });
            logging.Services.AddSingleton<ConsoleFormatter>(new ConsoleLineFormatter(line));
        }
        // Created by a factory, so that the container disposes of it: queued lines are written before the exit.
        if (File is not null)
            logging.Services.AddSingleton<ILoggerProvider>(_ => new FileLog(File, line));
        logging.SetMinimumLevel(Level);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("System", LogLevel.Warning);
        // A failure to start is reported by the command, in one line.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
    }
}
