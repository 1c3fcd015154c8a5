using DeterministicInference.Server.Tests.Documentation;
using Xunit;

namespace DeterministicInference.Server.Tests.Architecture;

/// <summary>What CSharpier can't break is broken by hand.</summary>
public sealed class LineLengthTests
{
    private const int Columns = 120;

    [Theory]
    [InlineData("src", false)]
    [InlineData("tests", true)]
    [InlineData("bench", true)]
    [InlineData("tools", true)]
    [InlineData("samples", true)]
    public void No_line_is_longer_than_120_columns(string folder, bool onlyComments)
    {
        string root = Path.Combine(RepositoryFiles.Root, folder);
        var tooLong = new List<string>();
        foreach (string file in Directory.GetFiles(root, "*.cs", SearchOption.AllDirectories))
        {
            foreach ((int index, string line) in File.ReadLines(file).Index())
            {
                bool isComment = line.AsSpan().TrimStart().StartsWith("//");
                // An address stays in one piece.
                bool isAddress = isComment && line.Contains("://", StringComparison.Ordinal);
                if (line.Length > Columns && !isAddress && (isComment || !onlyComments))
                    tooLong.Add($"{Path.GetRelativePath(RepositoryFiles.Root, file)}:{index + 1}: {line.Length}");
            }
        }
        Assert.Empty(tooLong);
    }
}
