using System.Text.RegularExpressions;
using DeterministicInference.Server.Tests.Architecture;
using Xunit;

namespace DeterministicInference.Server.Tests.Documentation;

/// <summary>
/// docs/architecture.md leads to the code: its folders and its table of behaviours are those of the source.
/// </summary>
public sealed partial class ArchitectureDocumentTests
{
    private const int LeastRows = 25;

    private static readonly string Page = RepositoryFiles.Read("docs/architecture.md");

    [Fact]
    public void Every_behaviour_that_is_listed_is_where_the_table_says()
    {
        MatchCollection rows = Row().Matches(Page);
        Assert.True(rows.Count >= LeastRows, $"{rows.Count} rows");
        foreach (Match row in rows)
        {
            string file = Path.Combine(RepositoryFiles.Root, "src", row.Groups["file"].Value);
            Assert.True(File.Exists(file), $"{row.Groups["file"]} does not exist.");
            string type = row.Groups["type"].Value;
            Assert.True(
                Regex.IsMatch(File.ReadAllText(file), $@"\b(class|record|struct|enum|interface) (struct )?{type}\b"),
                $"{file} does not declare {type}."
            );
        }
    }

    [Fact]
    public void The_servers_folders_are_listed_from_low_to_high_with_what_each_uses()
    {
        var graph = FolderGraph.Of(ProductTypes.All, "DeterministicInference.Server");
        (string Name, string[] Uses)[] listed =
        [
            .. FolderRow()
                .Matches(Page)
                .Select(row =>
                    (
                        row.Groups["folder"].Value,
                        Quoted().Matches(row.Groups["uses"].Value).Select(use => use.Groups[1].Value).ToArray()
                    )
                ),
        ];
        Assert.Equal(
            // The namespace of these tests is below the server's.
            graph
                .Folders.Where(folder => folder != "Tests")
                .Select(folder => $"{folder}: {string.Join(' ', graph.UsesOf(folder))}"),
            listed
                .OrderBy(folder => folder.Name, StringComparer.Ordinal)
                .Select(folder => $"{folder.Name}: {string.Join(' ', folder.Uses)}")
        );
        for (int i = 0; i < listed.Length; i++)
        {
            string[] lower = [.. listed[..i].Select(folder => folder.Name)];
            Assert.All(listed[i].Uses, use => Assert.Contains(use, lower));
        }
    }

    [Theory]
    [InlineData("DeterministicInference.Engine")]
    [InlineData("DeterministicInference.Receipts")]
    [InlineData("DeterministicInference.Server")]
    public void Every_folder_of_the_source_is_named(string project)
    {
        int begin = Page.IndexOf($"\n## Folders of `{project}`\n", StringComparison.Ordinal);
        Assert.True(begin >= 0, project);
        int end = Page.IndexOf("\n## ", begin + 1, StringComparison.Ordinal);
        string section = end < 0 ? Page[begin..] : Page[begin..end];
        Assert.All(
            RepositoryFiles.FoldersOf($"src/{project}").Where(folder => folder.Length > 0),
            folder => Assert.Contains($"`{folder}/`", section, StringComparison.Ordinal)
        );
    }

    /// <summary>A behaviour, a file below src, and the type in it.</summary>
    [GeneratedRegex(
        @"^\| [^|]+ \| `(?<file>DeterministicInference\.[^`]+\.cs)` \| `(?<type>\w+)(?:\.\w+)?` \|$",
        RegexOptions.Multiline
    )]
    private static partial Regex Row();

    /// <summary>A folder of the server, the folders that it uses, and what it is for.</summary>
    [GeneratedRegex(@"^\| `(?<folder>\w+)/` \| (?<uses>–|`\w+/`(?:, `\w+/`)*) \| [^|]+ \|$", RegexOptions.Multiline)]
    private static partial Regex FolderRow();

    [GeneratedRegex(@"`(\w+)/`")]
    private static partial Regex Quoted();
}
