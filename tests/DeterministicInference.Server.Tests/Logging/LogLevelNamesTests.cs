using DeterministicInference.Server.Logging;
using DeterministicInference.Server.Tests.Documentation;
using Microsoft.Extensions.Logging;
using Xunit;

namespace DeterministicInference.Server.Tests.Logging;

/// <summary>Log levels have one table for all readers and writers of their names.</summary>
public sealed class LogLevelNamesTests
{
    [Theory]
    [InlineData(LogLevel.Trace, "DEBUG")]
    [InlineData(LogLevel.Debug, "DEBUG")]
    [InlineData(LogLevel.Information, "INFO")]
    [InlineData(LogLevel.Warning, "WARNING")]
    [InlineData(LogLevel.Error, "ERROR")]
    [InlineData(LogLevel.Critical, "CRITICAL")]
    [InlineData(LogLevel.None, "CRITICAL")]
    public void A_level_has_a_name(LogLevel level, string name) => Assert.Equal(name, LogLevelNames.Of(level));

    [Theory]
    [InlineData("debug", LogLevel.Debug)]
    [InlineData("Information", LogLevel.Information)]
    [InlineData("WARN", LogLevel.Warning)]
    [InlineData("fatal", LogLevel.Critical)]
    [InlineData("LOUD", null)]
    [InlineData("", null)]
    public void A_name_is_a_level_in_any_case(string name, LogLevel? level) =>
        Assert.Equal(level, LogLevelNames.Find(name));

    [Fact]
    public void Messages_list_them() => Assert.Equal("DEBUG, INFO, WARNING, ERROR or CRITICAL", LogLevelNames.All);

    [Fact]
    public void No_other_file_has_a_name_of_one()
    {
        string server = Path.Combine(RepositoryFiles.Root, "src", "DeterministicInference.Server");
        Assert.Equal(
            ["Logging/LogLevelNames.cs"],
            Directory
                .GetFiles(server, "*.cs", SearchOption.AllDirectories)
                .Where(file => File.ReadAllText(file).Contains("\"WARNING\"", StringComparison.Ordinal))
                .Select(file => Path.GetRelativePath(server, file))
        );
    }
}
