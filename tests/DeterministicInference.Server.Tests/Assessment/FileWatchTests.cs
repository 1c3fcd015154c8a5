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
    [InlineData("one byte", true, false)]
    [InlineData("one byte and the time set back", true, false)]
    [InlineData("one byte more", true, false)]
    [InlineData("the same bytes written again", true, false)]
    [InlineData("another file moved over it", false, true)]
    public async Task Writing_is_told_from_what_leaves_the_content(string what, bool isChanged, bool isReplaced)
    {
        string file = Path.Combine(_folder, "model.gguf");
        await File.WriteAllBytesAsync(file, [.. "GGUF"u8, .. new byte[100]], TestContext.Current.CancellationToken);
        using FileWatch watch = await WatchAsync(file);
        Do(what, file);
        (string? changed, IReadOnlyList<string> replaced) = await LookAsync(watch);
        Assert.Equal(isChanged ? file : null, changed);
        Assert.Equal(isReplaced ? [file] : [], replaced);
        // It is told once.
        (changed, replaced) = await LookAsync(watch);
        Assert.Null(changed);
        Assert.Empty(replaced);
    }

    /// <summary>A model of which the hash is known.</summary>
    private async Task<FileWatch> WatchAsync(string file)
    {
        var hashes = new FileHashCache(Path.Combine(_folder, ".cache"), new Later(), NullLogger.Instance);
        await hashes.HashAsync(
            file,
            async () => await ModelDigest.ComputeAsync(file, 1, null, TestContext.Current.CancellationToken)
        );
        var watch = new FileWatch(
            new ModelLocator(new LlamaCppFacts(), new ServeOptions { ModelPath = file }, new MachineFacts()),
            hashes
        );
        watch.Begin();
        return watch;
    }

    /// <summary>Looks until files that must be read have been.</summary>
    private static async Task<(string?, IReadOnlyList<string>)> LookAsync(FileWatch watch)
    {
        (string? changed, IReadOnlyList<string> replaced) = await watch.LookAsync();
        await watch.ReadAsync();
        (string? later, _) = await watch.LookAsync();
        return (changed ?? later, replaced);
    }

    private static void Do(string what, string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        byte[] other = [.. bytes];
        other[^1] ^= 1;
        DateTime modified = File.GetLastWriteTimeUtc(file);
        switch (what)
        {
            case "permissions":
                if (!OperatingSystem.IsWindows())
                    File.SetUnixFileMode(file, UnixFileMode.UserRead);
                break;
            case "a further link":
                Assert.Equal(0, link(file, file + ".kept"));
                break;
            case "a file beside it":
                File.WriteAllBytes(file + ".new", bytes);
                break;
            case "one byte":
                File.WriteAllBytes(file, other);
                break;
            case "one byte and the time set back":
                File.WriteAllBytes(file, other);
                File.SetLastWriteTimeUtc(file, modified);
                break;
            case "one byte more":
                File.WriteAllBytes(file, [.. bytes, 0]);
                break;
            case "the same bytes written again":
                File.WriteAllBytes(file, bytes);
                break;
            case "another file moved over it":
                File.WriteAllBytes(file + ".new", bytes);
                File.Move(file + ".new", file, overwrite: true);
                break;
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int link(string from, string to);

    /// <summary>A hash is kept of a file that has been as it is for some seconds.</summary>
    private sealed class Later : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddHours(1);
    }
}
