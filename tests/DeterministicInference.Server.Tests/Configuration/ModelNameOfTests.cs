using DeterministicInference.Server.Configuration;
using Xunit;

namespace DeterministicInference.Server.Tests.Configuration;

/// <summary>The name that a launched engine is told if no setting says one.</summary>
public sealed class ModelNameOfTests
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";

    [Theory]
    [InlineData("/models/tiny", "tiny")]
    [InlineData("/models/tiny/", "tiny")]
    [InlineData("org/tiny", "tiny")]
    [InlineData("tiny.gguf", "tiny.gguf")]
    [InlineData("/models/tiny/.", "tiny")]
    [InlineData("/models/tiny/x/..", "tiny")]
    [InlineData("/", "model")]
    [InlineData($"/cache/hub/models--org--tiny-1.5/snapshots/{Commit}", "org/tiny-1.5")]
    [InlineData($"/cache/hub/models--org--tiny/snapshots/{Commit}/", "org/tiny")]
    [InlineData($"/cache/hub/models--org--tiny/snapshots/{Commit}/q4/tiny.gguf", "org/tiny")]
    [InlineData($"/cache/hub/models--gpt2/snapshots/{Commit}", "gpt2")]
    [InlineData($"/data/models--/snapshots/{Commit}", Commit)]
    [InlineData("/data/models--x/tiny", "tiny")]
    public void The_name_follows_from_the_place(string path, string expected)
    {
        Assert.Equal(expected, new ServeOptions { ModelPath = path }.ModelName);
        Assert.Equal("given", new ServeOptions { ModelPath = path, ServedModelName = "given" }.ModelName);
    }

    [Fact]
    public void The_current_folder_has_its_own_name() =>
        Assert.Equal(Path.GetFileName(Directory.GetCurrentDirectory()), new ServeOptions { ModelPath = "." }.ModelName);
}
