using System.Text.RegularExpressions;
using Xunit;

namespace DeterministicInference.Server.Tests.Documentation;

/// <summary>Tests that a page names, as <c>`A_test_like_this`</c>.</summary>
internal static partial class NamedTests
{
    private static readonly Lazy<string> Sources = new(() =>
        string.Concat(
            Directory
                .GetFiles(Path.Combine(RepositoryFiles.Root, "tests"), "*Tests.cs", SearchOption.AllDirectories)
                .Select(File.ReadAllText)
        )
    );

    /// <summary>Fails if a named test does not exist, or if there are too few.</summary>
    public static void RequireExist(string text, int atLeast = 1)
    {
        string[] named = [.. TestName().Matches(text).Select(match => match.Groups[1].Value)];
        Assert.True(named.Length >= atLeast, text);
        Assert.All(named, name => Assert.Contains($" {name}(", Sources.Value, StringComparison.Ordinal));
    }

    [GeneratedRegex("`([A-Z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*_[a-z][A-Za-z0-9_]*)`")]
    private static partial Regex TestName();
}
