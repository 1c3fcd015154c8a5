using DeterministicInference.Server.Engines;
using Xunit;

namespace DeterministicInference.Server.Tests.Documentation;

/// <summary>The lists of engines in the documentation are those of the registry.</summary>
public sealed class EngineTablesTests
{
    public static TheoryData<string> Pages => [.. EngineTables.Pages];

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_page_lists_the_engines_of_the_registry(string page)
    {
        string text = RepositoryFiles.Read(page),
            real = EngineTables.Write(page, text, EngineRegistry.BuiltIn);
        if (Environment.GetEnvironmentVariable("DIS_WRITE_DOCS") == "1")
            File.WriteAllText(Path.Combine(RepositoryFiles.Root, page), real);
        else
            Assert.True(text == real, $"{page} lists other engines. Run this test with DIS_WRITE_DOCS=1.");
    }
}
