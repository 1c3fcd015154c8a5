using System.Text.RegularExpressions;
using Xunit;

namespace DeterministicInference.Server.Tests.Documentation;

/// <summary>docs/REQUIREMENTS.md does not promise tests that are gone.</summary>
public sealed partial class RequirementsTests
{
    [Fact]
    public void Every_test_that_the_requirements_name_exists()
    {
        string sources = string.Concat(Directory.GetFiles(Path.Combine(RepositoryFiles.Root, "tests"), "*Tests.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        string[] named = [.. TestName().Matches(RepositoryFiles.Read("docs/REQUIREMENTS.md")).Select(match => match.Groups[1].Value)];

        Assert.True(named.Length > 40);
        Assert.All(named, name => Assert.Contains($" {name}(", sources, StringComparison.Ordinal));
    }

    [GeneratedRegex("`([A-Z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*_[a-z][A-Za-z0-9_]*)`")]
    private static partial Regex TestName();
}
