using System.CommandLine.Parsing;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Configuration.Values;

namespace DeterministicInference.Server.Cli;

/// <summary>The command line of <c>serve</c>. The last of repeated flags counts, as in the Python releases.</summary>
internal sealed class ServeArguments
{
    public const string PrintConfigFlag = "--print-config",
        CheckFlag = "--check";

    private static readonly Setting BackendArguments = SettingTable.Of(nameof(ServeOptions.BackendArguments));

    private readonly Dictionary<Setting, GivenValue> _values = [];
    private readonly List<string> _problems = [];
    private bool _isAfterSecret;
    private readonly IReadOnlyList<string> _commands;

    private ServeArguments(IReadOnlyList<string> commands) => _commands = commands;

    public IReadOnlyCollection<GivenValue> Values => _values.Values;

    /// <summary>Errors of the command line.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>The file that <c>--config</c> names.</summary>
    public string? ConfigPath { get; private set; }

    /// <summary>Whether another command may be meant; problems of settings are not reported then.</summary>
    public bool NamesOtherCommand { get; private set; }

    /// <summary>Whether a flag is unknown, which may be a mistyped one.</summary>
    public bool HasUnknownFlag { get; private set; }

    /// <summary>Whether only to say if the server would start.</summary>
    public bool Check { get; private set; }

    /// <summary>Whether the configuration is to be shown instead of used.</summary>
    public bool PrintConfig { get; private set; }

    /// <param name="tokens">
    /// Tokens of System.CommandLine: flags and values are separate, unknown flags are arguments.
    /// </param>
    /// <param name="commands">Names of the program's commands.</param>
    public static ServeArguments Read(IReadOnlyList<Token> tokens, IReadOnlyList<string> commands)
    {
        var arguments = new ServeArguments(commands);
        int at = 0;
        while (at < tokens.Count)
        {
            Token token = tokens[at++];
            if (token.Type == TokenType.DoubleDash)
            {
                arguments.Give(
                    BackendArguments,
                    WordsValue.Array(tokens.Skip(at).Select(word => word.Value)),
                    token.Value
                );
                break;
            }
            // A value never begins with two dashes: such a token is a flag, known or mistyped, and the value is
            // missing.
            string? next =
                at < tokens.Count
                && tokens[at] is { Type: TokenType.Argument } value
                && !value.Value.StartsWith("--", StringComparison.Ordinal)
                    ? value.Value
                    : null;
            if (token.Type == TokenType.Option)
                at += arguments.ReadFlag(token.Value, next) ? 1 : 0;
            else if (token.Type == TokenType.Argument)
                at += arguments.Refuse(token.Value, next, at > 1 && tokens[at - 2].Type == TokenType.Command) ? 1 : 0;
        }
        return arguments;
    }

    /// <returns>Whether the next token was used.</returns>
    private bool ReadFlag(string flag, string? next)
    {
        if (flag == PrintConfigFlag)
        {
            PrintConfig = true;
            return false;
        }
        if (flag == CheckFlag)
        {
            Check = true;
            return false;
        }
        _isAfterSecret = SecretArguments.IsSecretFlag(flag);
        Setting? setting = SettingTable.All.FirstOrDefault(setting =>
            setting.Flag == flag || setting.FlagAliases.Contains(flag) || setting.Shorthand?.Flag == flag
        );
        if (setting?.Shorthand is { } shorthand && shorthand.Flag == flag)
        {
            Give(setting, shorthand.Text, flag);
            return false;
        }
        if (next is null && setting is { IsSwitch: true })
        {
            Give(setting, "true", flag);
        }
        else if (setting is not null)
        {
            Give(setting, next ?? "", flag, next is null ? $"is missing. Give {flag} {setting.Placeholder}." : null);
        }
        else if (next is null)
        {
            _problems.Add($"{ConfigFile.Flag}: the value is missing. Give {ConfigFile.Flag} FILE.");
        }
        else
        {
            ConfigPath = next;
        }
        return next is not null;
    }

    /// <returns>Whether the next token is skipped as the value of an unknown flag.</returns>
    private bool Refuse(string token, string? next, bool first)
    {
        if (token is ['—' or '–', ..])
        {
            string dashes = "--" + token.TrimStart('—', '–', '-');
            _problems.Add($"{token}: begins with a long dash, as text programs make of two. Write {dashes}.");
            HasUnknownFlag = true;
            return next is not null;
        }
        if (!token.StartsWith('-'))
        {
            // The arguments of a misspelt command.
            if (NamesOtherCommand && !_commands.Contains(token))
                return false;
            NamesOtherCommand |= first || _commands.Contains(token);
            string[] words = [.. _commands, "help", "version"];
            _problems.Add(
                _isAfterSecret ? $"'{SecretArguments.Mask}': unexpected. A key is one word; quote several together."
                : _commands.Contains(token) ? $"{token}: a command must come first, before its settings."
                : $"'{token}': unknown command or argument.{NearestName.Hint(token, words)} "
                    + $"Commands are {string.Join(", ", _commands)}; arguments of the engine stand after --."
            );
            return false;
        }
        HasUnknownFlag = true;
        string flag = token.Split('=', ':')[0];
        string hint = NearestName.Hint(flag, ServeCommand.Flags);
        if (hint.Length == 0)
            hint = " --help lists them all; options of the engine stand after --.";
        _problems.Add($"{flag}: unknown option.{hint}");
        return flag.Length == token.Length && next is not null;
    }

    private void Give(Setting setting, string text, string flag, string? complaint = null) =>
        _values[setting] = new GivenValue(setting, text, new Origin(OriginKind.Flag, flag), complaint);
}
