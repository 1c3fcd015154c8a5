using DeterministicInference.Server.Tests.Engines;
using Xunit;

namespace DeterministicInference.Server.Tests.Documentation;

/// <summary>docs/operations.md gives the reason of every argument of a launch.</summary>
public sealed class LaunchReasonTests
{
    private const string Head = "| engine | where | argument | why |\n| --- | --- | --- | --- |\n";

    [Fact]
    public void The_page_has_the_reason_of_every_argument()
    {
        string text = RepositoryFiles.Read(EngineTables.Operations);
        int begin = text.IndexOf(Head, StringComparison.Ordinal) + Head.Length,
            end = begin;
        while (text[end] == '|')
            end = text.IndexOf('\n', end) + 1;
        Assert.True(begin >= Head.Length, "The page has no table of arguments.");
        string real =
            text[..begin]
            + string.Concat(
                LaunchReasons.All.Select(reason =>
                    $"| `{reason.Engine}` | {reason.Where} | `{reason.Name}` | {reason.Reason} |\n"
                )
            )
            + text[end..];
        if (Environment.GetEnvironmentVariable("DIS_WRITE_DOCS") == "1")
            File.WriteAllText(Path.Combine(RepositoryFiles.Root, EngineTables.Operations), real);
        else
            Assert.True(text == real, "The page has other reasons. Run this test with DIS_WRITE_DOCS=1.");
    }
}
