using Xunit;

namespace DeterministicInference.Server.Tests.Documentation;

/// <summary>docs/fields.md is the table of fields.</summary>
public sealed class FieldsDocumentTests
{
    private const string Page = "docs/fields.md";

    [Fact]
    public async Task The_page_of_fields_shows_the_table()
    {
        string path = Path.Combine(RepositoryFiles.Root, Page),
            actual = FieldsPage.Text();
        if (Environment.GetEnvironmentVariable("DIS_WRITE_DOCS") == "1")
            await File.WriteAllTextAsync(path, actual, TestContext.Current.CancellationToken);
        string committed = File.Exists(path)
            ? await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken)
            : "";
        Assert.True(
            committed == actual,
            $"{Page} does not show the table of fields. Run this test with DIS_WRITE_DOCS=1, which writes it, and look "
                + "at the difference."
        );
    }
}
