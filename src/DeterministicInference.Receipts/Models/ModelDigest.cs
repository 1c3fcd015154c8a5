using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Receipts.Models;

/// <summary>
/// The digest of a model's files. One file: its SHA-256. A folder: the in-toto <c>dirHash</c>, the SHA-256 of the lines
/// <c>&lt;hex&gt; &lt;path&gt;</c> LF in order of the paths' bytes, links followed; files that can't change an answer
/// are left out (<see cref="IsLeftOut"/>).
/// </summary>
internal static class ModelDigest
{
    private const int BlockBytes = 1 << 20;

    private static readonly string[] ImageExtensions =
    [
        ".png",
        ".jpg",
        ".jpeg",
        ".gif",
        ".svg",
        ".webp",
        ".bmp",
        ".ico",
    ];

    /// <summary>Hashes the files, several at a time.</summary>
    /// <param name="path">A file or a folder.</param>
    /// <param name="parallelism">Most files at a time, from 1.</param>
    /// <param name="progress">Told after each block that was read; from any thread.</param>
    /// <param name="cancellation">Ends the computation.</param>
    /// <exception cref="IOException">
    /// A file can't be read, changed while it was read, or has a name that the list can't hold; a link leads nowhere or
    /// in a circle; there is no file.
    /// </exception>
    public static Task<Sha256Value> ComputeAsync(
        string path,
        int parallelism,
        IProgress<ModelDigestProgress>? progress,
        CancellationToken cancellation
    ) => ComputeAsync(path, parallelism, static (_, read) => read(), progress, cancellation);

    /// <summary>Hashes the files, several at a time, but for those whose hash is known.</summary>
    /// <param name="path">A file or a folder.</param>
    /// <param name="parallelism">Most files at a time, from 1.</param>
    /// <param name="hash">Asked once for each file, under the name it has in <paramref name="path"/>.</param>
    /// <param name="progress">Told after each block that was read; from any thread.</param>
    /// <param name="cancellation">Ends the computation.</param>
    /// <exception cref="IOException">
    /// A file can't be read, changed while it was read, or has a name that the list can't hold; a link leads nowhere or
    /// in a circle; there is no file.
    /// </exception>
    public static async Task<Sha256Value> ComputeAsync(
        string path,
        int parallelism,
        ModelFileHash hash,
        IProgress<ModelDigestProgress>? progress,
        CancellationToken cancellation
    )
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(hash);
        ArgumentOutOfRangeException.ThrowIfLessThan(parallelism, 1);
        bool isFile = File.Exists(path);
        List<ModelFile> files = Files(path);
        var total = new ModelDigestTotal(files.Sum(file => file.Length), progress);

        // The largest first: a big file that starts last would be hashed alone.
        var options = new ParallelOptions { MaxDegreeOfParallelism = parallelism, CancellationToken = cancellation };
        var hashes = new Dictionary<string, Sha256Value>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(
            files.OrderByDescending(file => file.Length),
            options,
            async (file, token) =>
            {
                bool isRead = false;
                Sha256Value value = await hash(
                    file.Path,
                    () =>
                    {
                        isRead = true;
                        return HashAsync(file, total, token);
                    }
                );
                if (!isRead)
                    total.Spare(file.Length);
                lock (hashes)
                    hashes.Add(file.Name, value);
            }
        );
        if (isFile)
            return hashes[""];
        IEnumerable<string> lines = hashes.Keys.Order(Utf8Order.Instance).Select(name => $"{hashes[name]}  {name}\n");
        return Sha256Value.Of(Encoding.UTF8.GetBytes(string.Concat(lines)));
    }

    /// <summary>The files that a digest covers, by their full paths, without reading any.</summary>
    /// <param name="path">A file or a folder.</param>
    /// <exception cref="IOException">
    /// A file has a name that the list can't hold; a link leads nowhere or in a circle; there is no file.
    /// </exception>
    public static IReadOnlyList<string> FilesOf(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return [.. Files(path).Select(file => file.Path)];
    }

    /// <summary>
    /// True for what is not part of a model's digest: anything below or named <c>.git…</c>, anything below
    /// <c>.cache/</c>, <c>README…</c>, <c>LICENSE…</c>, <c>*.md</c> and images.
    /// </summary>
    /// <param name="name">Path from the folder, with <c>/</c>.</param>
    public static bool IsLeftOut(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        string[] parts = name.Split('/');
        string file = parts[^1];
        return parts.Any(part => part.StartsWith(".git", StringComparison.Ordinal))
            || parts.AsSpan(0, parts.Length - 1).Contains(".cache")
            || file.StartsWith("README", StringComparison.Ordinal)
            || file.StartsWith("LICENSE", StringComparison.Ordinal)
            || file.EndsWith(".md", StringComparison.Ordinal)
            || ImageExtensions.Any(extension => file.EndsWith(extension, StringComparison.OrdinalIgnoreCase));
    }

    private static List<ModelFile> Files(string path) =>
        File.Exists(path) ? [new ModelFile("", path, new FileInfo(path).Length)] : ModelFiles.Of(path);

    private static async ValueTask<Sha256Value> HashAsync(
        ModelFile file,
        ModelDigestTotal total,
        CancellationToken cancellation
    )
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            using var handle = File.OpenHandle(file.Path, options: FileOptions.SequentialScan);
            long read = 0;
            while (true)
            {
                int count = await RandomAccess.ReadAsync(handle, block.AsMemory(0, BlockBytes), read, cancellation);
                if (count == 0)
                    break;
                hash.AppendData(block.AsSpan(0, count));
                read += count;
                total.Add(count);
            }
            if (read != file.Length)
                throw new IOException($"The file '{file.Path}' changed while it was read.");
            return new Sha256Value(hash.GetHashAndReset());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }
}

/// <summary>
/// Answers the SHA-256 of one file of a model: from what is known of it, so that a file that did not change need not be
/// read again, or by reading it. Whoever answers from memory vouches that the file is the same. Called from several
/// threads at a time.
/// </summary>
/// <param name="path">The file; links in it are not resolved.</param>
/// <param name="read">
/// Reads and hashes the file; throws what
/// <see cref="ModelDigest.ComputeAsync(string, int, IProgress{ModelDigestProgress}?, CancellationToken)"/> throws.
/// </param>
internal delegate ValueTask<Sha256Value> ModelFileHash(string path, Func<ValueTask<Sha256Value>> read);
