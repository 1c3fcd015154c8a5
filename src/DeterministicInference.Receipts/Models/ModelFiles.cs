namespace DeterministicInference.Receipts.Models;

/// <summary>
/// The files of a model folder that its digest covers. Links are followed: the caches of model hubs consist of them.
/// </summary>
internal static class ModelFiles
{
    private const int MaxDepth = 64;

    public static List<ModelFile> Of(string folder)
    {
        var files = new List<ModelFile>();
        var root = new DirectoryInfo(folder);
        if (!root.Exists)
            throw new DirectoryNotFoundException($"There is no model file or folder '{folder}'.");
        Collect(root, "", [Resolve(root)], files);
        return files.Count > 0 ? files : throw new FileNotFoundException($"The folder '{folder}' has no model files.");
    }

    private static void Collect(DirectoryInfo folder, string prefix, List<string> ancestors, List<ModelFile> files)
    {
        // A circle through several links may look like another folder each time round.
        if (ancestors.Count > MaxDepth)
            throw new IOException($"There are more than {MaxDepth} levels of folders at '{folder.FullName}'.");
        foreach (FileSystemInfo entry in folder.EnumerateFileSystemInfos())
        {
            string name = prefix + entry.Name;
            bool isFolder = Directory.Exists(entry.FullName);
            if (ModelDigest.IsLeftOut(isFolder ? name + "/" : name))
                continue;
            if (name.Any(c => char.IsControl(c) || c is '\\' or '\uFFFD'))
            {
                throw new IOException(
                    $"The name of '{entry.FullName}' has a character that a list of hashes can't hold. Rename it."
                );
            }
            if (isFolder)
            {
                var child = new DirectoryInfo(entry.FullName);
                string resolved = Resolve(child);
                if (ancestors.Contains(resolved, StringComparer.Ordinal))
                    throw new IOException($"The link '{entry.FullName}' leads back into its own folder.");
                Collect(child, name + "/", [.. ancestors, resolved], files);
                continue;
            }
            FileSystemInfo target = entry.ResolveLinkTarget(returnFinalTarget: true) ?? entry;
            if (target is not FileInfo { Exists: true } file)
                throw new FileNotFoundException($"The link '{entry.FullName}' leads nowhere.");
            files.Add(new ModelFile(name, entry.FullName, file.Length));
        }
    }

    private static string Resolve(DirectoryInfo folder) =>
        folder.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? folder.FullName;
}

/// <summary>A file of a model.</summary>
/// <param name="Name">Path from the folder, with <c>/</c>.</param>
/// <param name="Path">Where it is.</param>
/// <param name="Length">Bytes, before it was read.</param>
internal sealed record ModelFile(string Name, string Path, long Length);
