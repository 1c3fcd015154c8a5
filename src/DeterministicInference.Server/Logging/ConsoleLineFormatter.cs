using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace DeterministicInference.Server.Logging;

/// <summary>Writes the lines of a <see cref="LogLineFormatter"/> to standard output.</summary>
internal sealed class ConsoleLineFormatter(LogLineFormatter line) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "line";

    public override void Write<TState>(
        in LogEntry<TState> entry,
        IExternalScopeProvider? scopeProvider,
        TextWriter textWriter
    ) => textWriter.Write(line.Format(entry));
}
