using DeterministicInference.Server.Engines.Evidence;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines.Evidence;

/// <summary>Versions of engines in the order of their releases.</summary>
public sealed class ReleaseVersionTests
{
    [Fact]
    public void Versions_are_in_the_order_of_releases()
    {
        string[] ordered =
        [
            "0.5.9",
            "0.5.18",
            "0.5.23rc1",
            "0.5.23",
            "0.5.23.post1",
            "0.11.2.dev123+gabcdef",
            "0.11.2a1",
            "0.11.2",
            "0.31.2",
            "0.32.0rc2",
            "0.32.0",
            "0.32.1+cpu",
            "v1.0",
        ];
        ReleaseVersion[] versions = [.. ordered.Select(text => ReleaseVersion.Parse(text)!.Value)];
        Assert.Equal(versions, versions.Order());
        Assert.Equal(versions.Length, versions.Distinct().Count());
        Assert.Equal(ReleaseVersion.Parse("0.32"), ReleaseVersion.Parse("0.32.0+cu130"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("unknown")]
    [InlineData("b0-unknown")]
    [InlineData("0.0.0-fake")]
    [InlineData("0.0.0.dev0")]
    public void What_names_no_release_is_none(string? text) => Assert.Null(ReleaseVersion.Parse(text));
}
