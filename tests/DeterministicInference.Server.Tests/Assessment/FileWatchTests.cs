using System.Runtime.InteropServices;
using DeterministicInference.Receipts.Models;
using DeterministicInference.Server.Assessment;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines.LlamaCpp;
using DeterministicInference.Server.Machine;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace DeterministicInference.Server.Tests.Assessment;

/// <summary>What happens to the files of a loaded model, and what is made of it.</summary>
public sealed partial class FileWatchTests
{
    private readonly string _folder = TestModels.NewFolder("watched");

    [Theory]
    [InlineData("nothing", false, false)]
    [InlineData("permissions", false, false)]
    [InlineData("a further link", false, false)]
    [InlineData("a file beside it", false, false)]
    [InlineData("times", false, false)]
    [InlineData("permissions and a further link, one after the other", false, false)]
    [InlineData("the same bytes written again", false, false)]
    [InlineData("removed", false, false)]
    [InlineData("moved away", false, false)]
    [InlineData("one byte", true, false)]
    [InlineData("one byte and the time set back", true, false)]
    [InlineData("one byte more", true, false)]
    [InlineData("one byte after it was moved away", true, false)]
    [InlineData("another file moved over it", false, true)]
    [InlineData("another file moved over it and written to", false, true)]
    [InlineData("another file moved over it and one byte by a further link", true, true)]
    public async Task Writing_is_told_from_what_leaves_the_content(string what, bool isChanged, bool isReplaced)
    {
        string file = await ModelAsync();
        using FileWatch watch = await WatchAsync(file);
        (string? Changed, List<string> Replaced) all = (null, []);
        foreach (Action step in Steps(what, file))
        {
            step();
            await LookAsync();
        }
        Assert.Equal(isChanged ? file : null, all.Changed);
        // It is told once.
        Assert.Equal(isReplaced ? [file] : [], all.Replaced);

        async Task LookAsync()
        {
            for (int look = 0; look < 2; look++)
            {
                FileChanges changes = await watch.LookAsync();
                all.Changed ??= changes.Changed;
                all.Replaced.AddRange(changes.Replaced);
                await watch.ReadAsync();
            }
            Assert.False((await watch.LookAsync()).IsReading);
        }
    }

    [Fact]
    public async Task While_a_file_is_read_again_it_is_not_known_whether_it_is_the_same()
    {
        string file = await ModelAsync();
        using FileWatch watch = await WatchAsync(file);
        File.SetLastWriteTimeUtc(file, File.GetLastWriteTimeUtc(file).AddDays(-1));
        Assert.True((await watch.LookAsync()).IsReading);
        await watch.ReadAsync();
        Assert.Equal(
            (null, false),
            (await watch.LookAsync()) is var after ? (after.Changed, after.IsReading) : default
        );
    }

    [Fact]
    public async Task A_pipe_is_not_opened()
    {
        string pipe = Path.Combine(_folder, "model.gguf");
        Assert.Equal(0, (await InstalledProgram.RunAsync("mkfifo", pipe)).ExitCode);
        using FileWatch watch = Watch(pipe, new FileHashCache(_folder, TimeProvider.System, NullLogger.Instance));
        Assert.Null((await watch.LookAsync()).Changed);
    }

    private async Task<string> ModelAsync()
    {
        string file = Path.Combine(_folder, "model.gguf");
        await File.WriteAllBytesAsync(file, [.. "GGUF"u8, .. new byte[100]], TestContext.Current.CancellationToken);
        return file;
    }

    /// <summary>Watches a model that has been hashed, although it is new.</summary>
    private async Task<FileWatch> WatchAsync(string file)
    {
        var hashes = new FileHashCache(Path.Combine(_folder, ".cache"), TimeProvider.System, NullLogger.Instance);
        FileWatch watch = Watch(file, hashes);
        await hashes.HashAsync(
            file,
            async () => await ModelDigest.ComputeAsync(file, 1, null, TestContext.Current.CancellationToken)
        );
        return watch;
    }

    private static FileWatch Watch(string file, FileHashCache hashes)
    {
        var watch = new FileWatch(
            new ModelLocator(new LlamaCppFacts(), new ServeOptions { ModelPath = file }, new MachineFacts()),
            hashes
        );
        watch.Begin();
        return watch;
    }

    private static IEnumerable<Action> Steps(string what, string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        DateTime modified = File.GetLastWriteTimeUtc(file);
        string other = file + ".other",
            link = file + ".link";
        return what switch
        {
            "nothing" => [() => { }],
            "permissions" => [Restrict],
            "times" => [() => File.SetLastWriteTimeUtc(file, modified.AddDays(-1))],
            "a further link" => [Link],
            "permissions and a further link, one after the other" => [Restrict, Link],
            "a file beside it" => [() => File.WriteAllBytes(other, bytes)],
            "the same bytes written again" => [() => WriteTo(file, bytes)],
            "removed" => [() => File.Delete(file)],
            "moved away" => [() => File.Move(file, other)],
            "one byte" => [() => Change(file)],
            "one byte and the time set back" =>
            [
                () =>
                {
                    Change(file);
                    File.SetLastWriteTimeUtc(file, modified);
                },
            ],
            "one byte more" => [() => WriteTo(file, [.. bytes, 0])],
            "one byte after it was moved away" => [() => File.Move(file, other), () => Change(other)],
            "another file moved over it" => [Replace],
            "another file moved over it and written to" => [Replace, () => Change(file)],
            "another file moved over it and one byte by a further link" => [Link, Replace, () => Change(link)],
            _ => throw new ArgumentException(what),
        };

        void Restrict()
        {
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(file, UnixFileMode.UserRead);
        }

        void Link() => Assert.Equal(0, MakeLink(file, link));

        void Replace()
        {
            File.WriteAllBytes(other, bytes);
            File.Move(other, file, overwrite: true);
        }

        void Change(string path)
        {
            byte[] changed = [.. bytes];
            changed[^1] ^= 1;
            WriteTo(path, changed);
        }

        static void WriteTo(string path, byte[] content)
        {
            using FileStream stream = File.Open(path, FileMode.Open);
            stream.Write(content);
        }
    }

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MakeLink(string from, string to);
}
