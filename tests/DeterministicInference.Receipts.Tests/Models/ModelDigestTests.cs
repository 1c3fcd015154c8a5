using System.Text;
using DeterministicInference.Receipts.Models;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Models;

public sealed class ModelDigestTests : IDisposable
{
    // find -L . -type f | cut -c3- | LC_ALL=C sort | xargs sha256sum | sha256sum, without the files that are left out.
    private const string FolderDigest = "db28e14e28b4f04062df16a78c7728fb792e75837fc331957df4324f81c6e9e1";

    private readonly string _folder = Directory.CreateTempSubdirectory("receipts-tests-").FullName;

    [Fact]
    public async Task A_file_is_its_SHA256()
    {
        string path = Write("model.gguf", "abc");
        // FIPS 180-2, example B.1.
        Assert.Equal(
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            (await Digest(path)).ToString()
        );
    }

    [Fact]
    public async Task A_folder_is_what_the_shell_computes_of_it()
    {
        WriteModel();
        Assert.Equal(FolderDigest, (await Digest(_folder)).ToString());
        Assert.Equal(FolderDigest, (await Digest(_folder, parallelism: 1)).ToString());
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("config.json")]
    [InlineData("sub/b.bin")]
    public async Task Any_other_byte_or_name_is_another_model(string name)
    {
        WriteModel();
        Write(name, "other");
        Assert.NotEqual(FolderDigest, (await Digest(_folder)).ToString());
        WriteModel();
        File.Move(Path.Combine(_folder, name), Path.Combine(_folder, name + "2"));
        if (name == "config.json")
            File.Delete(Path.Combine(_folder, "sub/link.json"));
        Assert.NotEqual(FolderDigest, (await Digest(_folder)).ToString());
    }

    [Theory]
    [InlineData("README")]
    [InlineData("README.txt")]
    [InlineData("LICENSE-2.0")]
    [InlineData("sub/deep/usage.md")]
    [InlineData("picture.JPEG")]
    [InlineData(".git/config")]
    [InlineData("sub/.gitignore")]
    [InlineData(".cache/huggingface/x")]
    public async Task What_cannot_change_an_answer_is_left_out(string name)
    {
        WriteModel();
        Assert.True(ModelDigest.IsLeftOut(name));
        Write(name, "x");
        Assert.Equal(FolderDigest, (await Digest(_folder)).ToString());
    }

    [Fact]
    public async Task The_files_of_a_digest_are_those_that_it_hashes()
    {
        WriteModel();
        Write("README.md", "x");
        Write(".git/config", "x");
        var asked = new List<string>();
        await ModelDigest.ComputeAsync(
            _folder,
            1,
            (file, read) =>
            {
                asked.Add(file);
                return read();
            },
            null,
            TestContext.Current.CancellationToken
        );
        Assert.NotEmpty(asked);
        Assert.Equal(asked.Order(StringComparer.Ordinal), ModelDigest.FilesOf(_folder).Order(StringComparer.Ordinal));
        string single = Write("model.gguf", "abc");
        Assert.Equal([single], ModelDigest.FilesOf(single));
        Assert.Throws<DirectoryNotFoundException>(() => ModelDigest.FilesOf(Path.Combine(_folder, "absent")));
    }

    [Theory]
    [InlineData("tokenizer.json")]
    [InlineData("sub/modelREADME")]
    [InlineData(".cache")]
    [InlineData("chat_template.jinja")]
    public void All_else_counts(string name) => Assert.False(ModelDigest.IsLeftOut(name));

    [Fact]
    public async Task Progress_reaches_the_total()
    {
        WriteModel();
        Write("big.bin", new string('x', 3 << 20));
        var seen = new Progress();
        await ModelDigest.ComputeAsync(_folder, 2, seen, TestContext.Current.CancellationToken);
        Assert.True(seen.Values.Count >= 8);
        long total = seen.Values[0].BytesTotal;
        Assert.Equal(total, seen.Values.Max(value => value.BytesRead));
        Assert.True(total > 3 << 20);
    }

    [Fact]
    public async Task It_can_be_cancelled_while_it_reads()
    {
        Write("big.bin", new string('x', 8 << 20));
        using var cancellation = new CancellationTokenSource();
        var first = new Progress(cancellation.Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            ModelDigest.ComputeAsync(_folder, 2, first, cancellation.Token)
        );
        Assert.Single(first.Values);
    }

    [Fact]
    public async Task A_file_whose_hash_is_known_is_not_read_and_no_progress()
    {
        WriteModel();
        Write("big.bin", new string('x', 3 << 20));
        string digest = (await Digest(_folder)).ToString();
        var known = new System.Collections.Concurrent.ConcurrentDictionary<string, Sha256Value>();
        int reads = 0;
        async ValueTask<Sha256Value> Remember(string path, Func<ValueTask<Sha256Value>> read)
        {
            if (known.TryGetValue(path, out Sha256Value hash))
                return hash;
            Interlocked.Increment(ref reads);
            return known[path] = await read();
        }
        Assert.Equal(
            digest,
            (
                await ModelDigest.ComputeAsync(
                    _folder,
                    3,
                    Remember,
                    progress: null,
                    TestContext.Current.CancellationToken
                )
            ).ToString()
        );
        Assert.Equal(7, reads);
        var seen = new Progress();
        Assert.Equal(
            digest,
            (
                await ModelDigest.ComputeAsync(_folder, 3, Remember, seen, TestContext.Current.CancellationToken)
            ).ToString()
        );
        Assert.Empty(seen.Values);
        // Of one that is not known alone the total is.
        Assert.True(known.TryRemove(Path.Combine(_folder, "big.bin"), out _));
        await ModelDigest.ComputeAsync(_folder, 1, Remember, seen, TestContext.Current.CancellationToken);
        Assert.Equal(
            new ModelDigestProgress(3 << 20, 3 << 20),
            seen.Values.MaxBy(value => value.BytesRead) with
            {
                BytesTotal = 3 << 20,
            }
        );
        // Whoever answers is believed.
        known[Path.Combine(_folder, "config.json")] = default;
        Assert.NotEqual(
            digest,
            (
                await ModelDigest.ComputeAsync(
                    _folder,
                    3,
                    Remember,
                    progress: null,
                    TestContext.Current.CancellationToken
                )
            ).ToString()
        );
    }

    [Fact]
    public async Task A_missing_path_an_empty_folder_and_a_dead_link_are_errors()
    {
        await Assert.ThrowsAsync<DirectoryNotFoundException>(() => Digest(Path.Combine(_folder, "none")));
        Write("README.md", "x");
        await Assert.ThrowsAsync<FileNotFoundException>(() => Digest(_folder));
        WriteModel();
        File.CreateSymbolicLink(Path.Combine(_folder, "weights.bin"), "missing.bin");
        Assert.Contains(
            "weights.bin",
            (await Assert.ThrowsAsync<FileNotFoundException>(() => Digest(_folder))).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    public async Task A_link_in_a_circle_is_an_error(string target)
    {
        WriteModel();
        Directory.CreateSymbolicLink(Path.Combine(_folder, "sub", "again"), target);
        await Assert.ThrowsAsync<IOException>(() => Digest(_folder));
    }

    [Fact]
    public async Task A_linked_folder_is_followed()
    {
        WriteModel();
        string link = _folder + "-link";
        Directory.CreateSymbolicLink(link, _folder);
        try
        {
            Assert.Equal(FolderDigest, (await Digest(link)).ToString());
        }
        finally
        {
            Directory.Delete(link);
        }
    }

    [Fact]
    public async Task A_name_that_the_list_cannot_hold_is_an_error()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "No such names there.");
        Write("two\nlines", "x");
        await Assert.ThrowsAsync<IOException>(() => Digest(_folder));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Task<Sha256Value> Digest(string path, int parallelism = 3) =>
        ModelDigest.ComputeAsync(path, parallelism, progress: null, TestContext.Current.CancellationToken);

    private void WriteModel()
    {
        foreach (string old in Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories))
            File.Delete(old);
        Write("model.safetensors", "weights");
        Write("config.json", "{}");
        Write("sub/b.bin", "b");
        Write("é.txt", "é");
        Write("Z", "Z");
        foreach (
            string name in new[]
            {
                "README.md",
                "LICENSE",
                "notes.md",
                "a.PNG",
                ".gitattributes",
                ".cache/x/y",
                "sub/.gitx/z",
            }
        )
            Write(name, "x");
        File.CreateSymbolicLink(Path.Combine(_folder, "sub/link.json"), "../config.json");
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, Encoding.UTF8.GetBytes(text));
        return path;
    }

    private sealed class Progress(Action? first = null) : IProgress<ModelDigestProgress>
    {
        public List<ModelDigestProgress> Values { get; } = [];

        public void Report(ModelDigestProgress value)
        {
            lock (Values)
            {
                Values.Add(value);
                if (Values.Count == 1)
                    first?.Invoke();
            }
        }
    }
}
