using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Models;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Assessment;

/// <summary>
/// Notices that files which a running engine has loaded are written to or replaced. A look costs one system call per
/// file. Not thread-safe.
/// </summary>
/// <param name="models">Locates what the engine loads.</param>
/// <param name="hashes">Cache of hashes of unchanged files.</param>
internal sealed class FileWatch(ModelLocator models, FileHashCache hashes) : IDisposable
{
    private readonly Dictionary<string, FileIdentity> _files = new(StringComparer.Ordinal);
    private readonly List<(string Path, Task<bool> IsSame)> _read = [];
    private CancellationTokenSource _end = new();

    /// <summary>Remembers the files as they are before the engine loads them.</summary>
    public void Begin()
    {
        Dispose();
        _end = new CancellationTokenSource();
        _files.Clear();
        _read.Clear();
        AddNew();
    }

    /// <summary>Remembers files that the engine has downloaded meanwhile.</summary>
    public void AddNew()
    {
        foreach (ModelPart part in models.Parts)
        {
            if (models.Find(part) is not { } found)
                continue;
            foreach (string file in FilesOf(found.Path))
            {
                if (!_files.ContainsKey(file) && FileIdentity.Of(file) is { } identity)
                    _files[file] = identity;
            }
        }
    }

    /// <summary>Compares all files with what they were at the last look.</summary>
    /// <returns>
    /// The first file of other content, which an engine that has mapped it computes with; and the files that others
    /// have replaced, which concerns the next start only.
    /// </returns>
    public async Task<(string? Changed, IReadOnlyList<string> Replaced)> LookAsync()
    {
        string? changed = null;
        var replaced = new List<string>();
        foreach ((string path, FileIdentity before) in _files.ToArray())
        {
            if (FileIdentity.Of(path) is not { } now || now == before)
                continue;
            _files[path] = now;
            if ((now.Inode, now.Device) != (before.Inode, before.Device))
                replaced.Add(path);
            // Links and permissions change the ctime only; so does a program that writes and sets the mtime back.
            else if (
                (now.Size, now.Modified) == (before.Size, before.Modified)
                && hashes.Known(path, before) is { } hash
            )
                _read.Add((path, IsSameAsync(path, hash, _end.Token)));
            else
                changed ??= path;
        }
        foreach ((string path, Task<bool> isSame) in _read.FindAll(file => file.IsSame.IsCompleted))
        {
            if (!await isSame)
                changed ??= path;
        }
        _read.RemoveAll(file => file.IsSame.IsCompleted);
        return (changed, replaced);
    }

    /// <summary>Completes once the files that the last look has to read are read.</summary>
    public Task ReadAsync() => Task.WhenAll(_read.Select(file => file.IsSame));

    public void Dispose()
    {
        _end.Cancel();
        _end.Dispose();
    }

    private async Task<bool> IsSameAsync(string path, Sha256Value hash, CancellationToken end)
    {
        try
        {
            Sha256Value now = await hashes.HashAsync(
                path,
                async () => await Task.Run(() => ModelDigest.ComputeAsync(path, 1, null, end), end)
            );
            hashes.Save();
            return now == hash;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
        catch (OperationCanceledException)
        {
            // The engine has ended.
            return true;
        }
    }

    private static IReadOnlyList<string> FilesOf(string path)
    {
        try
        {
            return ModelDigest.FilesOf(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The measurement says that they can't be read.
            return [];
        }
    }
}
