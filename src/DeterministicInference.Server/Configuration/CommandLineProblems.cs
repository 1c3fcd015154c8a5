using System.CommandLine;
using System.CommandLine.Parsing;

namespace DeterministicInference.Server.Configuration;

/// <summary>
/// What is wrong with a command line, each problem in one line with its remedy. The parser takes a mistyped option for
/// an argument, so that options are looked at before.
/// </summary>
internal static class CommandLineProblems
{
    /// <summary>All problems: options that the command does not have, else what the parser says.</summary>
    /// <param name="parsed">The parsed command line.</param>
    /// <param name="args">What follows the command's name.</param>
    public static IReadOnlyList<string> Find(ParseResult parsed, IEnumerable<string> args)
    {
        string[] unknown = [.. UnknownOptions(parsed.CommandResult.Command, args)];
        return unknown.Length > 0 ? unknown
            : parsed.Errors.Count > 0 ? [.. Of(parsed)]
            : [];
    }

    /// <summary>Options that the command does not have.</summary>
    /// <param name="command">The command that the arguments name.</param>
    /// <param name="args">What follows its name.</param>
    private static IEnumerable<string> UnknownOptions(Command command, IEnumerable<string> args)
    {
        string[] known =
        [
            .. command.Options.SelectMany(option => (IEnumerable<string>)[option.Name, .. option.Aliases]),
            "--help",
        ];
        bool isValue = false;
        foreach (string arg in args.TakeWhile(arg => arg != "--"))
        {
            string name = arg.Split('=', ':')[0];
            Option? option = command.Options.FirstOrDefault(one => one.Name == name || one.Aliases.Contains(name));
            // A number below zero and a text with spaces are no options, and after an option only -- begins another.
            bool looksLikeOption =
                name.StartsWith("--", StringComparison.Ordinal) || (!isValue && name is ['-', >= 'A' and <= 'z', ..]);
            if (looksLikeOption && !name.Contains(' ', StringComparison.Ordinal) && !known.Contains(name))
            {
                string hint = NearestName.Hint(name, known);
                yield return $"{name}: unknown option."
                    + (hint.Length > 0 ? hint : $" {NameOf(command)} --help lists the options.");
            }
            isValue = option is not null && name == arg && option.ValueType != typeof(bool);
        }
    }

    /// <summary>The parser's errors.</summary>
    private static IEnumerable<string> Of(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        // A word in the place of a subcommand. What else the parser says of it follows from that.
        if (command.Subcommands.Count > 0 && command.Action is null)
        {
            string[] names = [.. command.Subcommands.Select(subcommand => subcommand.Name)];
            string commands = $"Commands are {string.Join(", ", names)}.";
            return parsed.UnmatchedTokens is [var word, ..]
                ? [$"{NameOf(command)}: '{word}' is none of its commands.{NearestName.Hint(word, names)} {commands}"]
                : [$"{NameOf(command)}: a command is missing. {commands}"];
        }
        IEnumerable<string> unexpected = parsed.UnmatchedTokens.Select(word =>
            $"'{word}': unexpected argument. {NameOf(command)} takes {Taken(command)}; quote a text with spaces."
        );
        // The parser's own words for these say no remedy.
        return
        [
            .. parsed.UnmatchedTokens.Count > 0
                ? unexpected.Take(1)
                : parsed.Errors.Select(error => Describe(command, error)).Distinct(),
        ];
    }

    private static string Describe(Command command, ParseError error) =>
        error.SymbolResult switch
        {
            ArgumentResult { Tokens.Count: 0, Argument: { Arity.MinimumNumberOfValues: > 0 } argument } => Missing(
                command,
                argument
            ),
            OptionResult { IdentifierToken: null, Option: { Required: true } option } =>
                $"{option.Name}: is missing. Give {Form(option)}.",
            OptionResult { Tokens.Count: 0, Option: { Arity.MinimumNumberOfValues: > 0 } option } =>
                $"{option.Name}: the value is missing. Give {Form(option)}.",
            _ => error.Message,
        };

    private static string Form(Option option) => $"{option.Name} {option.HelpName ?? "NUMBER"}";

    private static string Taken(Command command) =>
        command.Arguments.Count == 0 ? "none" : string.Join(' ', command.Arguments.Select(argument => argument.Name));

    private static string Missing(Command command, Argument argument) =>
        $"{NameOf(command)}: {argument.Name} is missing. Give {NameOf(command)} {argument.Name}: "
        + $"{char.ToLowerInvariant(argument.Description![0])}{argument.Description[1..]}";

    /// <summary>The words that name a command.</summary>
    private static string NameOf(Command command)
    {
        var words = new Stack<string>();
        for (
            Command? at = command;
            at is not null and not RootCommand;
            at = at.Parents.OfType<Command>().FirstOrDefault()
        )
            words.Push(at.Name);
        return string.Join(' ', words);
    }
}
