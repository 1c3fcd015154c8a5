using DeterministicInference.Server.Machine;
using Xunit;

namespace DeterministicInference.Server.Tests.Machine;

/// <summary>Names on the hub are found in its cache, as its library lays it out.</summary>
public sealed class HuggingFaceCacheTests
{
    private static readonly string Main = new('a', 40),
        Other = new('b', 40);

    private readonly string _home = TestModels.NewFolder("home");

    [Theory]
    [InlineData("HF_HUB_CACHE", "")]
    [InlineData("HUGGINGFACE_HUB_CACHE", "")]
    [InlineData("HF_HOME", "hub")]
    [InlineData("XDG_CACHE_HOME", "huggingface/hub")]
    [InlineData("HOME", ".cache/huggingface/hub")]
    public void The_cache_is_where_the_variables_say(string variable, string below)
    {
        string snapshot = Write(Path.Combine(_home, below), "org/tiny");
        HuggingFaceCache cache = HuggingFaceCache.Of(
            new Dictionary<string, string> { [variable] = _home },
            downloads: null
        );
        Assert.Equal((snapshot, Main), cache.Find(new ModelPart("model", "org/tiny")));
    }

    [Fact]
    public void A_folder_for_downloads_goes_before()
    {
        string snapshot = Write(_home, "tiny");
        HuggingFaceCache cache = HuggingFaceCache.Of(
            new Dictionary<string, string> { ["HF_HUB_CACHE"] = "/nowhere" },
            downloads: _home
        );
        Assert.Equal((snapshot, Main), cache.Find(new ModelPart("model", "tiny")));
    }

    [Fact]
    public void A_revision_is_a_branch_or_a_commit()
    {
        var cache = new HuggingFaceCache(_home);
        Write(_home, "org/tiny");
        string other = Write(_home, "org/tiny", "refs/pr/1", Other);
        Assert.Equal((other, Other), cache.Find(new ModelPart("model", "org/tiny", "refs/pr/1")));
        Assert.Equal((other, Other), cache.Find(new ModelPart("model", "org/tiny", Other)));
        Assert.Null(cache.Find(new ModelPart("model", "org/tiny", "v2")));
        Assert.Null(cache.Find(new ModelPart("model", "org/tiny", new string('c', 40))));
    }

    [Theory]
    [InlineData("org/none")]
    [InlineData("/models/tiny")]
    [InlineData("../tiny")]
    [InlineData("a/b/c")]
    [InlineData("~/tiny")]
    [InlineData("")]
    public void A_model_that_is_not_in_the_cache_is_not_found(string reference)
    {
        Write(_home, "org/tiny");
        Assert.Null(new HuggingFaceCache(_home).Find(new ModelPart("model", reference)));
    }

    [Theory]
    [InlineData("../../../../etc/passwd")]
    [InlineData("..")]
    public void A_revision_leads_nowhere_else(string revision) =>
        Assert.Null(new HuggingFaceCache(_home).Find(new ModelPart("model", "org/tiny", revision)));

    [Fact]
    public void What_is_on_the_disk_is_meant_itself()
    {
        string file = Path.Combine(_home, "m.gguf");
        File.WriteAllText(file, "GGUF");
        Assert.Equal((file, null), new HuggingFaceCache(_home).Find(new ModelPart("model", file)));
    }

    /// <returns>The folder of the snapshot.</returns>
    public static string Write(string cache, string model, string revision = "main", string? commit = null)
    {
        string folder = Path.Combine(cache, "models--" + model.Replace("/", "--", StringComparison.Ordinal)),
            reference = Path.Combine(folder, "refs", revision);
        string snapshot = Path.Combine(folder, "snapshots", commit ?? Main),
            blob = Path.Combine(folder, "blobs", commit ?? Main);
        foreach (string file in (string[])[reference, Path.Combine(snapshot, "x"), blob])
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(reference, commit ?? Main);
        File.WriteAllText(blob, "weights of " + model);
        string link = Path.Combine(snapshot, "model.safetensors");
        if (!File.Exists(link))
            File.CreateSymbolicLink(link, Path.Combine("..", "..", "blobs", commit ?? Main));
        return snapshot;
    }
}
