using System.Text.RegularExpressions;
using DeterministicInference.Server.Configuration;
using Xunit;

namespace DeterministicInference.Server.Tests.Documentation;

/// <summary>docs/operations.md knows every line of the log, and no flag that is not there.</summary>
public sealed partial class OperationsDocumentTests
{
    private static readonly string Page = RepositoryFiles.Read("docs/operations.md");

    [Fact]
    public void Every_line_of_the_log_from_INFO_on_is_explained_with_its_level_and_no_other_is()
    {
        string server = Path.Combine(RepositoryFiles.Root, "src", "DeterministicInference.Server");
        // Those of the engine are its own.
        string sources = string.Concat(Directory.GetFiles(server, "*.cs", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(server, file).StartsWith("EngineHost", StringComparison.Ordinal)).Select(File.ReadAllText));
        MatchCollection templates = Template().Matches(sources);
        Assert.Equal(sources.Split("[LoggerMessage(").Length - 1, templates.Count);
        IEnumerable<string> real = templates
            .Where(template => template.Groups["level"].Value is not ("Debug" or "Trace"))
            // Where the level varies, the usual one is INFO.
            .Select(template => $"{(template.Groups["level"].Success ? Level(template.Groups["level"].Value) : "INFO")} {Format().Replace(template.Groups["text"].Value, "")}");
        IEnumerable<string> explained = Row().Matches(Page).Select(row => $"{row.Groups["level"]} {row.Groups["text"]}");
        Assert.Equal(real.Distinct().Order(StringComparer.Ordinal), explained.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_code_of_a_finding_is_explained_and_no_other_is()
    {
        string sources = string.Concat(Directory.GetFiles(Path.Combine(RepositoryFiles.Root, "src", "DeterministicInference.Server"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        MatchCollection real = Code().Matches(sources);
        Assert.Equal(FindingCall().Count(sources), real.Count);
        IEnumerable<string> explained = CodeRow().Matches(Page).SelectMany(row => Quoted().Matches(row.Groups["codes"].Value)).Select(code => code.Groups[1].Value);
        Assert.Equal(real.Select(code => code.Groups[1].Value).Distinct().Order(StringComparer.Ordinal), explained.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_flag_that_is_mentioned_exists()
    {
        IEnumerable<string> known = SettingTable.All.Select(setting => setting.Flag)
            .Concat(["--hf-token", "--enable-deterministic-inference", "--chunked-prefill-size", "--generation-config", "--no-cache-prompt", "--shutdown-timeout"]);
        Assert.All(Flag().Matches(Page).Select(match => match.Value).Distinct(), flag => Assert.Contains(flag, known));
    }

    [Fact]
    public void Every_default_that_is_mentioned_is_the_real_one()
    {
        var options = new InferenceOptions();
        foreach ((string flag, string value) in ((string, string)[])
        [
            ("--pre-stop-delay", $"{options.PreStopDelay.TotalSeconds} s"), ("--drain-timeout", $"{options.DrainTimeout.TotalSeconds} s"), ("--stop-timeout", $"{options.StopTimeout.TotalSeconds} s"),
            ("--log-file-max-bytes", $"{options.LogFileMaxBytes >> 20} MiB"), ("--log-file-count", $"{options.LogFileCount}"),
        ])
        {
            Assert.Contains($"`{flag}` ({value})", Page, StringComparison.Ordinal);
        }
        Assert.Contains($"{options.MaxConcurrency} requests at the engine (`--max-concurrency`)", Page, StringComparison.Ordinal);
        Assert.Contains($"{options.MaxQueue} waiting (`--max-queue`)", Page, StringComparison.Ordinal);
        Assert.Contains($"`--on-failed {options.OnFailed}` (default)", Page, StringComparison.Ordinal);
    }

    private static string Level(string name) => name == "Information" ? "INFO" : name.ToUpperInvariant();

    [GeneratedRegex(@"\[LoggerMessage\((?:LogLevel\.(?<level>\w+), |Message = )""(?<text>[^""]+)""\)\]")]
    private static partial Regex Template();

    /// <summary>How a value is printed, which a reader need not know.</summary>
    [GeneratedRegex(@"(?<=\{\w+):[^}]+(?=\})")]
    private static partial Regex Format();

    [GeneratedRegex(@"^\| (?<level>INFO|WARNING|ERROR|CRITICAL) \| `(?<text>[^`]+)` \| \S.* \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"(?<![\w-])--[a-z][a-z-]*")]
    private static partial Regex Flag();

    [GeneratedRegex(@"(?:Finding\.(?:Note|Undermines|Refused)|sheet\.Lacks)\(\s*""([a-z_]+)"",")]
    private static partial Regex Code();

    [GeneratedRegex(@"(?:Finding\.(?:Note|Undermines|Refused)\((?!code,)|sheet\.Lacks\()")]
    private static partial Regex FindingCall();

    [GeneratedRegex(@"^\| (?<codes>`[a-z]+_[a-z_]+`(?:, `[a-z]+_[a-z_]+`)*) \| \S.* \|$", RegexOptions.Multiline)]
    private static partial Regex CodeRow();

    [GeneratedRegex(@"`([a-z_]+)`")]
    private static partial Regex Quoted();
}
