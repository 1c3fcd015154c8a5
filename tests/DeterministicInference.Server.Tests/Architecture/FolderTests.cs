using DeterministicInference.Server.Tests.Documentation;
using Xunit;

namespace DeterministicInference.Server.Tests.Architecture;

/// <summary>Test folders mirror source folders, and a file's namespace is its folder.</summary>
public sealed class FolderTests
{
    /// <summary>Test folders without a source folder; docs/architecture.md lists them.</summary>
    private static readonly string[] WithoutTwin =
    [
        "Architecture",
        "Documentation",
        "EndToEnd",
        "Fixtures",
        "Verification/Oracle",
    ];

    /// <summary>The engine of docs/adding-a-backend.md counts as source.</summary>
    private const string Example = "tests/AcmeServer";

    [Theory]
    [InlineData("DeterministicInference.Engine")]
    [InlineData("DeterministicInference.Receipts")]
    [InlineData("DeterministicInference.Server")]
    public void Folders_of_the_tests_are_those_of_the_source(string project)
    {
        IEnumerable<string> source = RepositoryFiles.FoldersOf($"src/{project}");
        if (project.EndsWith(".Server", StringComparison.Ordinal))
            source = source.Union(RepositoryFiles.FoldersOf(Example)).Order(StringComparer.Ordinal);
        IEnumerable<string> tests = RepositoryFiles
            .FoldersOf($"tests/{project}.Tests")
            .Where(folder => folder.Length > 0 && !HasNoTwin(folder));
        Assert.Equal(source.Where(folder => folder.Length > 0), tests);
    }

    [Theory]
    [InlineData("src/DeterministicInference.Engine")]
    [InlineData("src/DeterministicInference.Receipts")]
    [InlineData("src/DeterministicInference.Server")]
    [InlineData("tests/DeterministicInference.Engine.Tests")]
    [InlineData("tests/DeterministicInference.Receipts.Tests")]
    [InlineData("tests/DeterministicInference.Server.Tests")]
    public void A_namespace_is_its_folder(string project)
    {
        string root = Path.Combine(RepositoryFiles.Root, project);
        foreach (string folder in RepositoryFiles.FoldersOf(project))
        {
            string expected = $"{Path.GetFileName(root)}.{folder.Replace('/', '.')}".TrimEnd('.');
            foreach (string file in Directory.GetFiles(Path.Combine(root, folder), "*.cs"))
            {
                // Top-level statements have no namespace.
                if (Path.GetFileName(file) == "Program.cs")
                    continue;
                string line = File.ReadLines(file)
                    .First(line => line.StartsWith("namespace ", StringComparison.Ordinal));
                Assert.True(
                    line == $"namespace {expected};",
                    $"{Path.GetRelativePath(RepositoryFiles.Root, file)}: {line}"
                );
            }
        }
    }

    private static bool HasNoTwin(string folder) =>
        WithoutTwin.Any(without => $"{folder}/".StartsWith($"{without}/", StringComparison.Ordinal));
}
