using System.Text.RegularExpressions;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Tests.Documentation;
using Xunit;

namespace DeterministicInference.Server.Tests.Configuration;

/// <summary>docs/configuration.md and the table of settings agree.</summary>
public sealed partial class ConfigurationDocumentTests
{
    private static readonly string Page = RepositoryFiles.Read("docs/configuration.md");

    [Fact]
    public void Every_setting_is_documented_with_its_variable_and_default_and_nothing_else_is()
    {
        IEnumerable<string> real = SettingTable.All.Select(setting =>
            $"{setting.Flag} | {setting.Variable} | {setting.Write(Given.Defaults) ?? "–"}"
        );
        IEnumerable<string> documented = Row()
            .Matches(Page)
            .Select(row => $"{row.Groups["flag"]} | {row.Groups["variable"]} | {row.Groups["default"]}");
        Assert.Equal(real, documented);
    }

    [Fact]
    public void Every_alias_is_documented_and_nothing_else_is()
    {
        IEnumerable<string> real = SettingTable.All.SelectMany(setting =>
            (IEnumerable<string>)
                [
                    .. setting.FlagAliases.Select(alias => $"{alias} | {setting.Flag}"),
                    .. setting.Shorthand is { } shorthand
                        ? [$"{shorthand.Flag} | {setting.Flag} {shorthand.Text}"]
                        : (string[])[],
                    .. setting.VariableAliases.Select(alias => $"{alias} | {setting.Variable}"),
                ]
        );
        IEnumerable<string> documented = Alias()
            .Matches(Page)
            .Select(row => $"{row.Groups["alias"]} | {row.Groups["meaning"]}");
        Assert.Equal(real.Order(), documented.Order());
    }

    [Fact]
    public void Every_flag_and_variable_that_is_mentioned_exists()
    {
        IEnumerable<string> known = SettingTable.All.SelectMany(setting =>
            (IEnumerable<string>)
                [
                    setting.Flag,
                    .. setting.FlagAliases,
                    setting.Shorthand?.Flag ?? "--",
                    setting.Variable,
                    .. setting.VariableAliases,
                ]
        );
        string[] other =
        [
            "--config",
            "--print-config",
            "--check",
            "--help",
            "--version",
            "INFERENCE_CONFIG",
            "INFERENCE_TEST_URL",
            "--tp-size",
        ];
        Assert.All(
            Mention().Matches(Page).Select(match => match.Value).Distinct(),
            name => Assert.Contains(name, known.Concat(other))
        );
    }

    [Fact]
    public void The_example_file_is_good()
    {
        Given given = new Given { File = JsonBlock().Match(Page).Groups[1].Value };
        Assert.Empty(given.Problems());
        Assert.NotEqual(new ServeOptions().ProxyHost, given.Read().Options.ProxyHost);
    }

    [GeneratedRegex(
        @"^\| `(?<flag>--[a-z-]*)(?: [^`]*)?` \| `(?<variable>INFERENCE_[A-Z_]+)` \| `?(?<default>[^`|]+?)`? \| \S.* \|$",
        RegexOptions.Multiline
    )]
    private static partial Regex Row();

    [GeneratedRegex(@"^\| `(?<alias>[A-Za-z_-]+)` \| `(?<meaning>[A-Za-z_ -]+)` \|$", RegexOptions.Multiline)]
    private static partial Regex Alias();

    [GeneratedRegex(@"(?<![\w-])--[a-z][a-z-]*|INFERENCE_[A-Z_]*[A-Z]")]
    private static partial Regex Mention();

    [GeneratedRegex(@"```json\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex JsonBlock();
}
