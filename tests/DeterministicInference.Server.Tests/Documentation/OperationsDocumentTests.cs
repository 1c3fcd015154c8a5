using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DeterministicInference.Server.Cli;
using DeterministicInference.Server.Configuration;
using Xunit;

namespace DeterministicInference.Server.Tests.Documentation;

/// <summary>docs/operations.md lists every log line, and mentions no unknown flag.</summary>
public sealed partial class OperationsDocumentTests(SharedServers servers)
{
    private static readonly string Page = RepositoryFiles.Read("docs/operations.md");

    [Fact]
    public void Every_line_of_the_log_from_INFO_on_is_explained_with_its_level_and_no_other_is()
    {
        string server = Path.Combine(RepositoryFiles.Root, "src", "DeterministicInference.Server");
        // Log lines of the engine itself are not listed.
        string sources = string.Concat(
            Directory
                .GetFiles(server, "*.cs", SearchOption.AllDirectories)
                .Where(file =>
                    !Path.GetRelativePath(server, file).StartsWith("Engines/Embedded", StringComparison.Ordinal)
                )
                .Select(ReadJoined)
        );
        MatchCollection templates = Template().Matches(sources);
        Assert.Equal(sources.Split("[LoggerMessage(").Length - 1, templates.Count);
        IEnumerable<string> real = templates
            .Where(template => template.Groups["level"].Value is not ("Debug" or "Trace"))
            // If the level varies, the usual one is INFO.
            .Select(template =>
                $"{(template.Groups["level"].Success ? Level(template.Groups["level"].Value) : "INFO")} {Format().Replace(template.Groups["text"].Value, "")}"
            );
        IEnumerable<string> explained = Row()
            .Matches(Page)
            .Select(row => $"{row.Groups["level"]} {row.Groups["text"]}");
        Assert.Equal(real.Distinct().Order(StringComparer.Ordinal), explained.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_code_of_a_finding_is_explained_and_no_other_is()
    {
        string sources = string.Concat(
            Directory
                .GetFiles(
                    Path.Combine(RepositoryFiles.Root, "src", "DeterministicInference.Server"),
                    "*.cs",
                    SearchOption.AllDirectories
                )
                .Select(ReadJoined)
        );
        MatchCollection real = Code().Matches(sources);
        Assert.Equal(FindingCall().Count(sources), real.Count);
        IEnumerable<string> explained = CodeRow()
            .Matches(Page)
            .SelectMany(row => Quoted().Matches(row.Groups["codes"].Value))
            .Select(code => code.Groups[1].Value);
        Assert.Equal(
            real.Select(code => code.Groups[1].Value).Distinct().Order(StringComparer.Ordinal),
            explained.Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task The_health_report_is_shown_with_every_member_that_it_has()
    {
        JsonNode shown = JsonNode.Parse(Health().Match(Page).Groups["json"].Value)!,
            real = (await (await servers.ChatAsync()).Api.GetAsync("/health")).Json;
        string[] optional = [".backend.detail", ".receipts.detail"];
        Assert.Equal(
            Members(shown, "").Except(optional).Order(StringComparer.Ordinal),
            Members(real, "").Except(optional).Order(StringComparer.Ordinal)
        );
        Assert.All(optional, member => Assert.Contains(member, Members(shown, "")));
    }

    private static IEnumerable<string> Members(JsonNode? json, string path) =>
        json is JsonObject members
            ? members.SelectMany(member =>
                Members(member.Value, $"{path}.{member.Key}").Prepend($"{path}.{member.Key}")
            )
            : [];

    [Fact]
    public void Every_flag_that_is_mentioned_exists()
    {
        IEnumerable<string> known = SettingTable
            .All.Select(setting => setting.Flag)
            .Concat(
                ReceiptsCommand
                    .Create()
                    .Subcommands.Append(VerifyCommand.Create())
                    .SelectMany(command => command.Options.Select(option => option.Name))
            )
            .Concat(WitnessCommand.Create().Options.Select(option => option.Name))
            .Concat(VerifyCommand.Create().Options.Select(option => option.Name))
            .Concat([
                "--table",
                "--check",
                "--version",
                "--json",
                "--hf-token",
                "--enable-deterministic-inference",
                "--chunked-prefill-size",
                "--generation-config",
                "--no-cache-prompt",
                "--shutdown-timeout",
                "--config",
                "--unix-socket",
                "--sleep-idle-seconds",
                "--http2-prior-knowledge",
            ]);
        // The launches of engines, which another test compares, have the engines' own flags.
        string page = Regex.Replace(Page, @"^\| `\w+` \| [\w. ]+ \| `.*$", "", RegexOptions.Multiline);
        Assert.All(Flag().Matches(page).Select(match => match.Value).Distinct(), flag => Assert.Contains(flag, known));
    }

    [Fact]
    public void Every_default_that_is_mentioned_is_the_real_one()
    {
        var options = new ServeOptions();
        foreach (
            (string flag, string value) in ((string, string)[])
                [
                    ("--pre-stop-delay", $"{options.PreStopDelay.TotalSeconds} s"),
                    ("--drain-timeout", $"{options.DrainTimeout.TotalSeconds} s"),
                    ("--stop-timeout", $"{options.StopTimeout.TotalSeconds} s"),
                    ("--log-file-max-bytes", $"{options.LogFileMaxBytes >> 20} MiB"),
                    ("--log-file-count", $"{options.LogFileCount}"),
                ]
        )
        {
            Assert.Contains($"`{flag}` ({value})", Page, StringComparison.Ordinal);
        }
        Assert.Contains(
            $"{options.MaxConcurrency} requests at the engine (`--max-concurrency`)",
            Page,
            StringComparison.Ordinal
        );
        Assert.Contains($"{options.MaxQueue} waiting (`--max-queue`)", Page, StringComparison.Ordinal);
        Assert.Contains(
            $"`--on-failed {options.OnFailed.ToString().ToLowerInvariant()}` (default)",
            Page,
            StringComparison.Ordinal
        );
    }

    /// <summary>A source file, in which texts that are broken over several lines are one text.</summary>
    private static string ReadJoined(string file) => Joint().Replace(File.ReadAllText(file), "");

    private static string Level(string name) => name == "Information" ? "INFO" : name.ToUpperInvariant();

    [GeneratedRegex(@"""\s*\+\s*\$?""")]
    private static partial Regex Joint();

    [GeneratedRegex(@"\[LoggerMessage\(\s*(?:LogLevel\.(?<level>\w+),\s+|Message = )""(?<text>[^""]+)""\s*\)\]")]
    private static partial Regex Template();

    [GeneratedRegex(@"`/health` is this, from memory:\n```json\n(?<json>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Health();

    /// <summary>The format of a value, which the page omits.</summary>
    [GeneratedRegex(@"(?<=\{\w+):[^}]+(?=\})")]
    private static partial Regex Format();

    [GeneratedRegex(
        @"^\| (?<level>INFO|WARNING|ERROR|CRITICAL) \| `(?<text>[^`]+)` \| \S.* \|$",
        RegexOptions.Multiline
    )]
    private static partial Regex Row();

    [GeneratedRegex(@"(?<![\w-])--[a-z][a-z0-9-]*")]
    private static partial Regex Flag();

    [GeneratedRegex(@"(?:Finding\.(?:Note|Degrades|Refused)|sheet\.AddMissing)\(\s*""([a-z_]+)"",")]
    private static partial Regex Code();

    [GeneratedRegex(@"(?:Finding\.(?:Note|Degrades|Refused)\((?!code,)|sheet\.AddMissing\()")]
    private static partial Regex FindingCall();

    [GeneratedRegex(@"^\| (?<codes>`[a-z]+_[a-z_]+`(?:, `[a-z]+_[a-z_]+`)*) \| \S.* \|$", RegexOptions.Multiline)]
    private static partial Regex CodeRow();

    [GeneratedRegex(@"`([a-z_]+)`")]
    private static partial Regex Quoted();
}
