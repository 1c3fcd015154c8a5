namespace DeterministicInference.Server.Tests.Documentation;

/// <summary>Files of the checkout that the tests were built from.</summary>
internal static class RepositoryFiles
{
    public static string Root { get; } = FindRoot();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>Folders below one that hold sources, sorted; the empty one is the folder itself.</summary>
    public static IReadOnlyList<string> FoldersOf(string project)
    {
        string root = Path.Combine(Root, project);
        return
        [
            .. Directory
                .GetFiles(root, "*.cs", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(root, Path.GetDirectoryName(file)!).Replace('\\', '/'))
                .Select(folder => folder == "." ? "" : folder)
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "DeterministicInference.slnx")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The tests run outside the repository.");
    }
}
