using Xunit;

namespace DeterministicInference.Server.Tests.Documentation;

/// <summary>docs/REQUIREMENTS.md names existing tests only.</summary>
public sealed class RequirementsTests
{
    [Fact]
    public void Every_test_that_the_requirements_name_exists() =>
        NamedTests.RequireExist(RepositoryFiles.Read("docs/REQUIREMENTS.md"), atLeast: 41);
}
