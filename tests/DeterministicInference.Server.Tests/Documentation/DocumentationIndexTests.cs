using System.Text.RegularExpressions;
using Xunit;

namespace DeterministicInference.Server.Tests.Documentation;

/// <summary>docs/README.md is the entrance to the documentation: it has every page, once.</summary>
public sealed partial class DocumentationIndexTests
{
    private const string Index = "docs/README.md";

    private static readonly string[] AtTheRoot =
    [
        "../README.md",
        "../CHANGELOG.md",
        "../CONTRIBUTING.md",
        "../SECURITY.md",
    ];

    [Fact]
    public void Every_page_is_listed_once_with_what_it_answers_and_for_whom()
    {
        IEnumerable<string> pages = Directory
            .GetFiles(Path.Combine(RepositoryFiles.Root, "docs"), "*.md")
            .Select(file => Path.GetFileName(file)!)
            .Where(page => page != "README.md")
            .Concat(AtTheRoot);
        IEnumerable<string> listed = Row()
            .Matches(RepositoryFiles.Read(Index))
            .Select(row => row.Groups["page"].Value)
            .Where(page => !page.StartsWith("../samples", StringComparison.Ordinal));
        Assert.Equal(pages.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_readme_leads_to_the_index() =>
        Assert.Contains($"]({Index})", RepositoryFiles.Read("README.md"), StringComparison.Ordinal);

    /// <summary>A page, who reads it, and what it answers.</summary>
    [GeneratedRegex(@"^\| \[[^\]]+\]\((?<page>[^)#]+)\) \| \S[^|]* \| \S[^|]* \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
