using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace DeterministicInference.Server.Hosting;

/// <summary>Writes <see cref="LogLine"/>s to standard output.</summary>
internal sealed class ConsoleLog(LogLine line) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "line";

    public override void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopeProvider, TextWriter textWriter) =>
        textWriter.Write(line.Format(entry));
}
