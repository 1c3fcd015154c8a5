using System.CommandLine;
using System.CommandLine.Help;
using System.Text;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Cli.Help;

/// <summary>
/// Writes the help of a command in 80 columns. Of the many settings of <c>serve</c> those come first that most users
/// need; all of them, in groups, are shown on request.
/// </summary>
/// <param name="root">The command line.</param>
/// <param name="program">Name of the program.</param>
internal sealed class HelpText(RootCommand root, string program)
{
    public const string AllWord = "all";

    private const int Width = 80,
        TextColumn = 29;

    private static readonly (string Name, string Meaning)[] EngineArguments =
    [
        ("-- ARGUMENT…", "What follows goes to the launched engine unchanged."),
    ];

    private readonly StringBuilder _text = new();

    /// <param name="path">The command, by its words; empty for the program.</param>
    /// <param name="isAll">Whether all settings are shown.</param>
    public string Write(IReadOnlyList<CliCommand> path, bool isAll)
    {
        Command command = path.Count == 0 ? root : path[^1];
        string[] words = [program, .. path.Select(part => part.Name)];
        if (path.Count == 0)
            _text.Append($"{program} {ProductVersion.Text}\n\n");
        Paragraph(command.Description!);
        Usage(words, command);
        if (command.Arguments.Count > 0)
            Rows("Arguments", command.Arguments.Select(argument => (argument.Name, argument.Description!)));
        if (command.Subcommands.Count > 0)
            Rows(
                "Commands",
                command.Subcommands.Cast<CliCommand>().Select(subcommand => (subcommand.Name, subcommand.Summary))
            );
        Options(command, isAll);
        Examples(path.Count == 0 ? root.Subcommands.Cast<CliCommand>() : [path[^1]], words);
        return _text.ToString();
    }

    private void Usage(string[] words, Command command)
    {
        string line = string.Join(' ', words);
        Title("Usage");
        if (command == root)
        {
            _text.Append($"  {line} [serve] [SETTING…] [-- ARGUMENT…]\n  {line} COMMAND …\n");
            return;
        }
        string arguments = string.Concat(command.Arguments.Select(argument => $" {argument.Name}")),
            rest = command.Subcommands.Count > 0 ? " COMMAND …" : " [OPTION…]";
        _text.Append($"  {line}{arguments}{rest}{(HasSettings(command) ? " [-- ARGUMENT…]" : "")}\n");
    }

    private void Options(Command command, bool isAll)
    {
        IEnumerable<Option> own = command.Options.Where(option =>
            option is { Hidden: false } and not (HelpOption or VersionOption or SettingOption)
            && option.Name != Debug.Flag
        );
        if (own.Any())
            Rows("Options", own.Select(Row));
        SettingOption[] settings = [.. command.Options.OfType<SettingOption>()];
        if (settings.Length == 0)
            return;
        if (!isAll)
        {
            string name = command == root ? program : $"{program} {command.Name}";
            Rows(
                $"Settings ({name} --help {AllWord} shows all)",
                settings.Where(option => option.Brief is not null).Select(BriefRow)
            );
            return;
        }
        foreach (SettingGroup group in SettingTable.Groups)
        {
            Rows(
                group.Title,
                [
                    .. settings.Where(option => group.Settings.Contains(option.Setting)).Select(Row),
                    .. group.Settings.Any(setting => setting.Flag == "--") ? EngineArguments : [],
                    .. group.Settings.Any(setting => setting.Shorthand is not null)
                        ? [(Debug.Flag, $"The same as --log-level {Debug.Text}.")]
                        : ((string, string)[])[],
                ]
            );
        }
    }

    private static bool HasSettings(Command command) => command.Options.OfType<SettingOption>().Any();

    private static (string Flag, string Text) Debug =>
        SettingTable.All.First(setting => setting.Shorthand is not null).Shorthand!.Value;

    private static (string Name, string Meaning) BriefRow(SettingOption option) =>
        // Of choices the text has all.
        (option.Setting.Choices.Count > 0 ? option.Name : $"{option.Name} {option.HelpName}", option.Brief!);

    private static (string Name, string Meaning) Row(Option option)
    {
        string names = string.Join(", ", (IEnumerable<string>)[option.Name, .. option.Aliases.Order()]),
            meaning = option.Description!;
        if (option.ValueType == typeof(bool))
            return (names, meaning);
        string? fallback = option.HasDefaultValue ? option.GetDefaultValue()?.ToString() : null;
        if (fallback is { Length: > 0 } && !meaning.Contains("Default: ", StringComparison.Ordinal))
            meaning += $" Default: {fallback}.";
        return ($"{names} {option.HelpName ?? "NUMBER"}", meaning);
    }

    private void Examples(IEnumerable<CliCommand> commands, string[] words)
    {
        (string Line, string Meaning)[] examples = [.. commands.SelectMany(command => command.Examples)];
        if (examples.Length == 0)
            return;
        Title("Examples");
        // The program's own help shows the first of the first commands, which are those that one begins with.
        IEnumerable<(string Line, string Meaning)> shown =
            words.Length == 1 ? commands.Take(3).SelectMany(command => command.Examples.Take(1)) : examples;
        foreach ((string line, string meaning) in shown)
            _text.Append($"  {program} {line}\n{(words.Length == 1 ? "" : Indented(meaning, 6))}");
    }

    private static string Indented(string text, int columns) =>
        string.Concat(Lines(text, Width - columns).Select(line => $"{new string(' ', columns)}{line}\n"));

    private void Paragraph(string text)
    {
        foreach (string line in Lines(text, Width))
            _text.Append(line).Append('\n');
    }

    private void Title(string title) => _text.Append('\n').Append(title).Append('\n');

    private void Rows(string title, IEnumerable<(string Name, string Meaning)> rows)
    {
        Title(title);
        foreach ((string name, string meaning) in rows)
        {
            string start = $"  {name}";
            foreach (string line in Lines(meaning, Width - TextColumn))
            {
                if (start.Length > TextColumn - 2)
                {
                    _text.Append(start).Append('\n');
                    start = "";
                }
                _text.Append(start.PadRight(TextColumn)).Append(line).Append('\n');
                start = "";
            }
        }
    }

    /// <summary>Breaks a text between words.</summary>
    private static IEnumerable<string> Lines(string text, int width)
    {
        var line = new StringBuilder();
        foreach (string word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line.ToString();
                line.Clear();
            }
            line.Append(line.Length > 0 ? " " : "").Append(word);
        }
        yield return line.ToString();
    }
}
