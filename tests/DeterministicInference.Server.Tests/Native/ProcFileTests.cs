using DeterministicInference.Server.Native;
using Xunit;

namespace DeterministicInference.Server.Tests.Native;

public sealed class ProcFileTests
{
    /// <summary>What fills a buffer to its end may go on, so the sizes of the buffers are the edges.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData((1 << 14) - 1)]
    [InlineData(1 << 14)]
    [InlineData((1 << 14) + 1)]
    [InlineData(1 << 16)]
    [InlineData((1 << 22) - 1)]
    public void A_file_is_read_whole(int length)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");
        byte[] bytes = [.. Enumerable.Range(0, length).Select(i => (byte)(i * 31 ^ i >> 8))];
        string path = Path.Combine(TestModels.NewFolder("proc"), "file");
        File.WriteAllBytes(path, bytes);
        Assert.Equal(bytes, ProcFile.ReadAll(path));
    }

    [Fact]
    public void What_is_not_there_too_large_or_no_file_is_nothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");
        string folder = TestModels.NewFolder("proc"),
            large = Path.Combine(folder, "large");
        File.WriteAllBytes(large, new byte[1 << 22]);
        foreach (string path in (string[])[large, folder, Path.Combine(folder, "missing")])
            Assert.Empty(ProcFile.ReadAll(path));
    }

    [Fact]
    public void A_file_without_a_length_is_read()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");
        Assert.Equal(0, new FileInfo("/proc/self/cmdline").Length);
        Assert.Equal(File.ReadAllBytes("/proc/self/cmdline"), ProcFile.ReadAll("/proc/self/cmdline"));
    }
}
