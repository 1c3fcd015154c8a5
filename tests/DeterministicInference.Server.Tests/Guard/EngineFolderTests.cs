using System.Runtime.Versioning;
using DeterministicInference.Server.Guard;
using Xunit;

namespace DeterministicInference.Server.Tests.Guard;

/// <summary>The folder of an engine's socket: where it is, who can enter it, and that it goes.</summary>
[SupportedOSPlatform("linux")]
public sealed class EngineFolderTests
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    [Fact]
    public void It_is_made_for_its_owner_alone_and_removed_with_its_files()
    {
        string folder = Choose(TestModels.NewFolder("run"));
        Assert.False(Directory.Exists(folder));
        string key = Path.Combine(folder, "key");
        EngineFolder.Create(folder, new Dictionary<string, string> { [key] = "secret" });
        Assert.Equal(
            (OwnerOnly, UnixFileMode.UserRead | UnixFileMode.UserWrite, "secret"),
            (File.GetUnixFileMode(folder), File.GetUnixFileMode(key), File.ReadAllText(key))
        );
        // What a crashed engine has left does not stay for the next one.
        EngineFolder.Create(folder, new Dictionary<string, string>());
        Assert.Empty(Directory.GetFileSystemEntries(folder));
        EngineFolder.Remove(folder);
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public void A_place_that_is_too_deep_open_to_others_or_unusable_is_passed_over()
    {
        string open = TestModels.NewFolder("open"),
            good = TestModels.NewFolder("good"),
            file = Path.Combine(TestModels.NewFolder("file"), "file");
        File.SetUnixFileMode(open, OwnerOnly | UnixFileMode.OtherWrite);
        File.WriteAllText(file, "");
        string deep = Path.Combine(TestModels.NewFolder("deep"), new string('x', 90));
        Assert.StartsWith(good + "/", Choose(deep, open, file, null, good), StringComparison.Ordinal);
        Assert.False(Directory.Exists(deep));
        Assert.Empty(Directory.GetFileSystemEntries(good));
        Assert.StartsWith("/last/deterministic-inference-", Choose(deep), StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_that_somebody_has_laid_there_is_not_followed()
    {
        string elsewhere = TestModels.NewFolder("elsewhere"),
            folder = Path.Combine(TestModels.NewFolder("run"), "folder");
        Directory.CreateSymbolicLink(folder, elsewhere);
        File.WriteAllText(Path.Combine(elsewhere, "kept"), "");
        Assert.ThrowsAny<IOException>(() => EngineFolder.Create(folder, new Dictionary<string, string>()));
        Assert.True(File.Exists(Path.Combine(elsewhere, "kept")));
    }

    private static string Choose(params string?[] candidates) => EngineFolder.Choose(candidates, "/last");
}
