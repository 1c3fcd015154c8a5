using System.CommandLine;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Configuration.Values;
using DeterministicInference.Server.Receipts.Signing;

namespace DeterministicInference.Server.Cli;

/// <summary>The program that has a log's key, as commands that sign take it.</summary>
internal sealed class SignerOption
{
    private static readonly CommandValue Commands = new();

    /// <param name="name">The flag.</param>
    /// <param name="description">Which key it is.</param>
    public SignerOption(string name, string description) => Option = CommandSyntax.Text(name, Commands, description);

    public Option<string?> Option { get; }

    /// <summary>For what the program says.</summary>
    public static ILogger Log { get; } = new ErrorLog();

    /// <summary>The program and its arguments; none if none was given.</summary>
    public IReadOnlyList<string> WordsIn(ParseResult parsed)
    {
        if (parsed.GetValue(Option) is not { } text)
            return [];
        _ = Commands.Read(text, out IReadOnlyList<string> words);
        return words;
    }

    /// <summary>Starts the program; null if none was given.</summary>
    /// <exception cref="SignerException">It can't be started, or gives no key.</exception>
    public CommandSigner? Start(ParseResult parsed) =>
        WordsIn(parsed) is { Count: > 0 } words
            ? CommandSigner.Start(words, new SignerLimits(), TimeProvider.System, Log)
            : null;

    /// <summary>Shows what the program says, and that it was started again, on standard error.</summary>
    private sealed class ErrorLog : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => Console.Error.WriteLine(formatter(state, exception));
    }
}
