using System.Text.RegularExpressions;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Tests.Configuration;
using Xunit;

namespace DeterministicInference.Server.Tests.Cli.Help;

/// <summary>
/// Help fits 80 columns; the first page of the program fits a screen, and all settings are one word away.
/// </summary>
public sealed class HelpTests
{
    private const int Columns = 80,
        Screen = 50;

    private static readonly string[] Commands =
    [
        "",
        "serve",
        "ask",
        "verify",
        "doctor",
        "receipts",
        "receipts list",
        "receipts show",
        "receipts check",
        "receipts export",
        "receipts init",
        "receipts rotate",
        "receipts revoke",
        "receipts monitor",
        "receipts mirror",
        "witness",
        "engine",
        "completion",
    ];

    public static TheoryData<string> AllCommands => [.. Commands];

    [Theory]
    [MemberData(nameof(AllCommands))]
    public async Task No_line_is_longer_than_a_terminal_but_commands_to_paste(string command)
    {
        foreach (string all in (string[])["", " all"])
        {
            string[] lines = await LinesAsync($"{command} --help{all}");
            Assert.All(
                lines.Where(line => !line.StartsWith("  deterministic-inference-server ", StringComparison.Ordinal)),
                line => Assert.True(line.Length <= Columns || !line.Trim().Contains(' '), line)
            );
            Assert.Equal(lines, await LinesAsync($"help {command}{all}"));
        }
    }

    /// <summary>NUMBER is what an option takes that says nothing else.</summary>
    [Theory]
    [MemberData(nameof(AllCommands))]
    public async Task Only_numbers_are_called_numbers(string command)
    {
        string[] numbers =
        [
            .. (await LinesAsync($"{command} --help all"))
                .Select(line => Regex.Match(line, @"^  (--[a-z-]+)(?:, --?[a-z-]+)* NUMBER\b"))
                .Where(match => match.Success)
                .Select(match => match.Groups[1].Value),
        ];
        Assert.All(
            numbers,
            flag =>
                Assert.Matches(
                    "port|seed|threads|max|limit|count|sequences|chunk|mib|restarts|beside|tokens|runs|queue|concurrency",
                    flag
                )
        );
    }

    [Fact]
    public async Task The_first_page_fits_a_screen_and_names_every_command_with_examples()
    {
        string[] lines = await LinesAsync("--help");
        Assert.InRange(lines.Length, 20, Screen);
        Assert.All(
            Commands.Where(command => command.Length > 0 && !command.Contains(' ')),
            command => Assert.Contains(lines, line => line.StartsWith($"  {command} ", StringComparison.Ordinal))
        );
        Assert.Contains("Examples", lines);
        Assert.Contains(lines, line => line.Contains("--help all", StringComparison.Ordinal));
        Assert.Equal(lines, await LinesAsync("-h"));
        Assert.Equal(lines, await LinesAsync("help"));
        Assert.Equal(lines, await LinesAsync("--port --nope --help"));
    }

    [Theory]
    [InlineData("--help all")]
    [InlineData("serve --help all")]
    [InlineData("help serve all")]
    [InlineData("doctor --help all")]
    public async Task All_settings_are_listed_in_groups_with_their_defaults(string arguments)
    {
        string text = Regex.Replace(string.Join(' ', await LinesAsync(arguments)), " +", " ");
        Assert.All(SettingTable.Groups, group => Assert.Contains($" {group.Title} ", text, StringComparison.Ordinal));
        Assert.All(
            SettingTable.All.Where(setting => setting.Flag != "--"),
            setting =>
            {
                string names = string.Join(", ", (string[])[setting.Flag, .. setting.FlagAliases.Order()]),
                    meaning = setting.Meaning + setting.Engines?.Invoke(EngineRegistry.BuiltIn.Choices);
                string row = $"{names} {setting.Placeholder} {meaning}";
                Assert.Contains(row, text, StringComparison.Ordinal);
                if (setting.Key != nameof(ServeOptions.Backend) && setting.Write(Given.Defaults) is { } fallback)
                    Assert.Contains($"{row} Default: {fallback}.", text, StringComparison.Ordinal);
            }
        );
        Assert.Contains(" --config FILE ", text, StringComparison.Ordinal);
        Assert.Contains(" --debug The same as --log-level DEBUG. ", text, StringComparison.Ordinal);
        Assert.Contains(
            " -- ARGUMENT… What follows goes to the launched engine unchanged. ",
            text,
            StringComparison.Ordinal
        );
    }

    /// <summary>An example that its own command line does not take is none.</summary>
    [Fact]
    public async Task Every_example_is_a_command_line_without_errors()
    {
        foreach (string command in Commands)
        {
            string[] lines = await LinesAsync($"{command} --help");
            foreach (string line in lines.SkipWhile(line => line != "Examples").Skip(1))
            {
                const string Program = "  deterministic-inference-server ";
                if (!line.StartsWith(Program, StringComparison.Ordinal))
                    continue;
                string[] words =
                [
                    .. line[Program.Length..].Replace("\"Who are you?\"", "Who", StringComparison.Ordinal).Split(' '),
                ];
                // In a folder without the files that it names, and without a server, it fails later than at its form.
                CommandResult result = await ServerProgram.Built.RunAsync(
                    words[0] is "--backend" or "--model-path" or "--config" ? ["--print-config", .. words]
                    : words[0] is "witness" or "engine" or "receipts" or "doctor" ? [.. words, "--nope"]
                    : words
                );
                string[] others =
                [
                    .. result.ErrorLines.Where(error =>
                        !error.StartsWith("error: --nope: unknown option.", StringComparison.Ordinal)
                    ),
                ];
                Assert.DoesNotContain(
                    others,
                    error =>
                        error.Contains("unknown", StringComparison.Ordinal)
                        || error.Contains("missing", StringComparison.Ordinal)
                );
            }
        }
    }

    /// <summary>A folder may be named as Windows programs name their help.</summary>
    [Fact]
    public async Task A_path_is_no_question_for_help()
    {
        CommandResult result = await ServerProgram.Built.RunAsync(["verify", "/h"]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("error: /h: ", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("version")]
    [InlineData("--version")]
    [InlineData("-V")]
    public async Task The_version_has_a_word_and_flags(string arguments)
    {
        string line = Assert.Single(await LinesAsync(arguments));
        Assert.Matches(@"^deterministic-inference-server \d+\.\d+\.\d+(\+[0-9a-f]{9})?$", line);
        Assert.Equal(line, (await LinesAsync("help"))[0]);
    }

    private static async Task<string[]> LinesAsync(string arguments)
    {
        CommandResult result = await ServerProgram.Built.RunAsync(
            arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        );
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return result.Output.TrimEnd('\n').Split('\n');
    }
}
