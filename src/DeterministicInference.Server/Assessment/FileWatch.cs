using System.Security.Cryptography;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Models;
using DeterministicInference.Server.Machine;
using DeterministicInference.Server.Native;
using Microsoft.Win32.SafeHandles;

namespace DeterministicInference.Server.Assessment;

/// <summary>What has happened to files that a running engine has loaded, since the last look.</summary>
/// <param name="Changed">The first file of other content, which an engine that has mapped it computes with.</param>
/// <param name="Replaced">Files of whose paths others are now there, which concerns the engine's next start.</param>
/// <param name="IsReading">Whether files are read again, so that it is not known yet whether they are the same.</param>
internal sealed record FileChanges(string? Changed, IReadOnlyList<string> Replaced, bool IsReading);

/// <summary>
/// Notices that files which a running engine has loaded are written to or replaced. They are held open, as an engine
/// that maps them does, so that they are the same ones whatever becomes of their names. A look costs two system calls
/// per file. Not thread-safe.
/// </summary>
/// <param name="models">Locates what the engine loads.</param>
/// <param name="hashes">Cache of hashes of unchanged files.</param>
internal sealed class FileWatch(ModelLocator models, FileHashCache hashes) : IDisposable
{
    private const int BufferSize = 1 << 20;

    private readonly Dictionary<string, LoadedFile> _files = new(StringComparer.Ordinal);
    private CancellationTokenSource _end = new();

    /// <summary>Remembers the files as they are before the engine loads them.</summary>
    public void Begin()
    {
        Dispose();
        _end = new CancellationTokenSource();
        _files.Clear();
        AddNew();
    }

    /// <summary>Remembers files that the engine has downloaded meanwhile.</summary>
    public void AddNew()
    {
        foreach (ModelPart part in models.Parts)
        {
            if (models.Find(part) is not { } found)
                continue;
            foreach (string path in FilesOf(found.Path))
            {
                if (!_files.ContainsKey(path) && LoadedFile.Open(path) is { } file)
                    _files[path] = file;
            }
        }
    }

    /// <summary>Compares all files with what they were at the last look.</summary>
    public async Task<FileChanges> LookAsync()
    {
        string? changed = null;
        var replaced = new List<string>();
        foreach (LoadedFile file in _files.Values)
        {
            if (file.Reading is { IsCompleted: true } reading)
            {
                file.Reading = null;
                if (!await reading)
                    changed ??= file.Path;
            }
            if (file.Now is { } now && now != file.Identity)
            {
                file.Hash ??= hashes.Known(file.Path, file.Identity);
                bool hasSize = now.Size == file.Identity.Size;
                file.Identity = now;
                // Links, permissions and times leave the content; a program may write and set the times back.
                if (hasSize && file.Hash is { } hash)
                    file.Reading = ReadAgainAsync(file.Reading, file.Handle, hash, _end.Token);
                else
                    changed ??= file.Path;
            }
            if (!file.IsReplaced && FileIdentity.Of(file.Path) is { } there && !there.IsFileOf(file.Identity))
            {
                file.IsReplaced = true;
                replaced.Add(file.Path);
            }
        }
        return new FileChanges(changed, replaced, _files.Values.Any(file => file.Reading is not null));
    }

    /// <summary>Completes once the files that are read again have been.</summary>
    public Task ReadAsync() => Task.WhenAll(_files.Values.Select(file => file.Reading).OfType<Task<bool>>());

    public void Dispose()
    {
        _end.Cancel();
        _end.Dispose();
        foreach (LoadedFile file in _files.Values)
            file.Handle.Dispose();
    }

    private static async Task<bool> ReadAgainAsync(
        Task<bool>? former,
        SafeFileHandle file,
        Sha256Value hash,
        CancellationToken end
    )
    {
        if (former is not null && !await former)
            return false;
        try
        {
            using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var buffer = new byte[BufferSize];
            long at = 0;
            int count;
            while ((count = await RandomAccess.ReadAsync(file, buffer, at, end)) > 0)
            {
                sha.AppendData(buffer, 0, count);
                at += count;
            }
            return new Sha256Value(sha.GetHashAndReset()) == hash;
        }
        catch (IOException)
        {
            return false;
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
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

    /// <param name="path">Its path when it was loaded.</param>
    /// <param name="handle">The file itself.</param>
    /// <param name="identity">At the last look.</param>
    private sealed class LoadedFile(string path, SafeFileHandle handle, FileIdentity identity)
    {
        public string Path => path;

        public SafeFileHandle Handle => handle;

        public FileIdentity Identity { get; set; } = identity;

        /// <summary>Hash of the content that was loaded; null until a change asks for it.</summary>
        public Sha256Value? Hash { get; set; }

        /// <summary>Whether the content is still the loaded one; null while nothing speaks against it.</summary>
        public Task<bool>? Reading { get; set; }

        /// <summary>Whether it is known that another file has its path.</summary>
        public bool IsReplaced { get; set; }

        public FileIdentity? Now => FileIdentity.Of(handle);

        /// <returns>Null for what can't be read or is no regular file, which is not measured either.</returns>
        public static unsafe LoadedFile? Open(string path)
        {
            if (!OperatingSystem.IsLinux() || FileKinds.Of(path) != FileKind.Regular)
                return null;
            // File.OpenHandle would lock the file (flock), against programs that may write to it.
            using var name = new NativeStrings([path]);
            int descriptor = Libc.open(*name.Pointer, Libc.ReadOnly | Libc.CloseOnExec | Libc.NonBlocking, 0);
            if (descriptor < 0)
                return null;
            var handle = new SafeFileHandle(descriptor, ownsHandle: true);
            if (FileIdentity.Of(handle) is { } identity)
                return new LoadedFile(path, handle, identity);
            handle.Dispose();
            return null;
        }
    }
}
