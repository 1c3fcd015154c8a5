using Microsoft.Extensions.Logging.Console;

namespace DeterministicInference.Server.Hosting;

/// <summary>Where the log goes and what of it.</summary>
/// <param name="Level">Least level of our own modules; frameworks speak from WARNING on.</param>
/// <param name="AsJson">One JSON object per line instead of text.</param>
/// <param name="ToConsole">Whether standard output gets it.</param>
/// <param name="File">A file that gets it as well, or null.</param>
internal sealed record LogSetup(LogLevel Level, bool AsJson = false, bool ToConsole = true, RotatingFile? File = null)
{
    public void Apply(ILoggingBuilder logging)
    {
        var line = new LogLine(TimeProvider.System, AsJson);
        logging.ClearProviders();
        if (ToConsole)
        {
            logging.AddConsole(console =>
            {
                console.FormatterName = ConsoleLog.FormatterName;
                // A reader that stops reading must not stop the server. One that is gone is passed over by the runtime.
                console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite;
            });
            logging.Services.AddSingleton<ConsoleFormatter>(new ConsoleLog(line));
        }
        // By a factory, so that the container disposes of it: what is queued is written before the end.
        if (File is not null) logging.Services.AddSingleton<ILoggerProvider>(_ => new FileLog(File, line));
        logging.SetMinimumLevel(Level);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("System", LogLevel.Warning);
        // What stops the host from starting is reported by the command, in one line.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
    }
}
