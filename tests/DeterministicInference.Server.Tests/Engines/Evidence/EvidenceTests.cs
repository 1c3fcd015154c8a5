using System.Text.RegularExpressions;
using DeterministicInference.Server.Cli.Doctor;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.Evidence;
using DeterministicInference.Server.Tests.Documentation;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines.Evidence;

/// <summary>Every verdict has its evidence: a row with a source and a date.</summary>
public sealed partial class EvidenceTests
{
    private const string Page = "docs/operations.md",
        Head =
            "| engine | releases | row | configuration | verdict | source | read |\n"
            + "| --- | --- | --- | --- | --- | --- | --- |\n";

    public static TheoryData<string> Folders => ["Sglang", "Vllm", "LlamaCpp"];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Every_finding_of_an_engine_has_a_row_and_every_code_of_a_row_is_found(string folder)
    {
        string path = Path.Combine(RepositoryFiles.Root, "src", "DeterministicInference.Server", "Engines", folder);
        HashSet<string> found =
        [
            .. Directory
                .GetFiles(path, "*.cs")
                .SelectMany(file => Code().Matches(File.ReadAllText(file)))
                .Select(match => match.Groups[1].Value),
        ];
        IReadOnlyList<EvidenceRow> rows = EngineRegistry.BuiltIn.Find(folder.ToLowerInvariant())!.Determinism.Evidence;
        Assert.Empty(found.Except(rows.Select(row => row.Code)));
        // Made by what is common to engines.
        Assert.Empty(
            rows.Select(row => row.Code).OfType<string>().Except(found).Except(["arguments_unknown", "seed_ignored"])
        );
        Assert.Equal(rows.Count, rows.DistinctBy(row => row.Id).Count());
        Assert.All(rows, row => Assert.InRange(row.Date, new DateOnly(2026, 1, 1), new DateOnly(2026, 12, 31)));
        Assert.All(
            rows.Where(row => row.Verdict is EvidenceVerdict.BestEffort or EvidenceVerdict.Refused),
            row => Assert.NotNull(row.Code)
        );
    }

    /// <summary>Rows and rules do not part: what a row says is found of its examples.</summary>
    [Theory]
    [MemberData(nameof(Rows))]
    public void The_rules_do_what_a_row_says(string id)
    {
        (IEngineKind engine, EvidenceRow row) = Row(id);
        EvidenceExample[] examples = [.. EvidenceExamples.All.Where(example => example.Row == id)];
        if (EvidenceExamples.Running.TryGetValue(id, out string? test))
        {
            Assert.Contains(
                typeof(EvidenceTests).Assembly.GetTypes().SelectMany(type => type.GetMethods()),
                method => method.Name == test
            );
            return;
        }
        Assert.NotEmpty(examples);
        bool hasRange = row.Versions != ReleaseRange.All;
        Assert.All(
            examples,
            example =>
            {
                Assert.Equal(hasRange, hasRange && row.Versions.Contains(example.Version));
                Assert.True(Says(row, example.Findings(engine, example.Version)), Shown(example));
                if (example.Other is not { } other)
                    return;
                Assert.False(row.Versions.MayContain(other));
                Assert.False(Says(row, example.Findings(engine, other)), Shown(example));
            }
        );

        string Shown(EvidenceExample example) =>
            $"{example}: "
            + string.Join(", ", example.Findings(engine, example.Version).Select(finding => $"{finding}"));
    }

    public static TheoryData<string> Rows => [.. EvidenceText.RowsOf(EngineRegistry.BuiltIn).Select(one => one.Row.Id)];

    private static (IEngineKind Engine, EvidenceRow Row) Row(string id) =>
        EngineRegistry
            .BuiltIn.All.SelectMany(kind => kind.Determinism.Evidence.Select(row => (kind, row)))
            .Single(one => one.row.Id == id);

    private static bool Says(EvidenceRow row, IReadOnlyList<Finding> findings)
    {
        bool isFine = findings.All(finding => finding.Kind == FindingKind.Note);
        return row.Verdict switch
        {
            EvidenceVerdict.Deterministic => isFine,
            EvidenceVerdict.Note => isFine && (row.Code is null || Has(FindingKind.Note)),
            EvidenceVerdict.Refused => Has(FindingKind.Refused),
            _ => Has(FindingKind.Degrades),
        };

        bool Has(FindingKind kind) => findings.Any(finding => finding.Kind == kind && finding.Code == row.Code);
    }

    [Theory]
    [InlineData(null, null, "0.1", true, true)]
    [InlineData(null, null, null, true, false)]
    [InlineData("0.5.23", null, "0.5.22", false, false)]
    [InlineData("0.5.23", null, "0.5.23+cu128", true, true)]
    [InlineData(null, "0.26.1", "0.26.0", true, true)]
    [InlineData(null, "0.26.1", "0.26.1", false, false)]
    [InlineData(null, "0.26.1", "unknown", true, false)]
    public void An_unknown_release_may_be_any(string? from, string? before, string? version, bool may, bool does)
    {
        var range = new ReleaseRange(from, before);
        Assert.Equal((may, does), (range.MayContain(version), range.Contains(version)));
    }

    [Fact]
    public void The_page_shows_the_rows()
    {
        string text = RepositoryFiles.Read(Page);
        int begin = text.IndexOf(Head, StringComparison.Ordinal) + Head.Length,
            end = begin;
        Assert.True(begin >= Head.Length, "The page has no table of evidence.");
        while (text[end] == '|')
            end = text.IndexOf('\n', end) + 1;
        string real =
            text[..begin]
            + string.Concat(
                EvidenceText
                    .RowsOf(EngineRegistry.BuiltIn)
                    .Select(one =>
                        $"| `{one.Engine}` | {one.Row.Versions} | `{one.Row.Id}` | {one.Row.Condition} | "
                        + $"{one.Row.VerdictText} | "
                        + $"{one.Row.Source} | {one.Row.Read} |\n"
                    )
            )
            + text[end..];
        if (Environment.GetEnvironmentVariable("DIS_WRITE_DOCS") == "1")
            File.WriteAllText(Path.Combine(RepositoryFiles.Root, Page), real);
        else
            Assert.True(text == real, "The page has other rows. Run this test with DIS_WRITE_DOCS=1.");
    }

    [GeneratedRegex("""Finding\.(?:Note|Degrades|Refused)\(\s*"([a-z_0-9]+)",""")]
    private static partial Regex Code();
}
