using ArchUnitNET.Domain;

namespace DeterministicInference.Server.Tests.Architecture;

/// <summary>
/// The dependencies between the folders of a parent: a type belongs to the direct subfolder in which it is, however
/// deep. Types in the parent itself belong to no folder.
/// </summary>
internal sealed class FolderGraph
{
    private readonly SortedDictionary<string, SortedDictionary<string, string>> _uses = new(StringComparer.Ordinal);

    private FolderGraph() { }

    public IReadOnlyCollection<string> Folders => _uses.Keys;

    /// <summary>The folders that a folder uses, in alphabetical order.</summary>
    public IReadOnlyCollection<string> UsesOf(string folder) => _uses[folder].Keys;

    /// <param name="types">All types, with what they use.</param>
    /// <param name="parent">The parent's namespace.</param>
    public static FolderGraph Of(IEnumerable<IType> types, string parent)
    {
        var graph = new FolderGraph();
        foreach (IType type in types)
        {
            if (FolderOf(type, parent) is not { } folder)
                continue;
            graph._uses.TryAdd(folder, new SortedDictionary<string, string>(StringComparer.Ordinal));
            foreach (IType used in type.Dependencies.Select(dependency => dependency.Target))
            {
                if (FolderOf(used, parent) is { } other && other != folder)
                    graph._uses[folder].TryAdd(other, $"{type.Name} uses {used.Name}");
            }
        }
        return graph;
    }

    /// <returns>A cycle, each step with the types that cause it; null if there is none.</returns>
    public string? FindCycle()
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        return Folders.Select(folder => FindCycle(folder, [], done)).FirstOrDefault(cycle => cycle is not null);
    }

    private string? FindCycle(string folder, List<string> path, HashSet<string> done)
    {
        int begin = path.IndexOf(folder);
        if (begin >= 0)
            return Describe([.. path[begin..], folder]);
        if (done.Contains(folder) || !_uses.TryGetValue(folder, out SortedDictionary<string, string>? uses))
            return null;
        path.Add(folder);
        string? found = uses
            .Keys.Select(other => FindCycle(other, path, done))
            .FirstOrDefault(cycle => cycle is not null);
        path.RemoveAt(path.Count - 1);
        done.Add(folder);
        return found;
    }

    private string Describe(IReadOnlyList<string> cycle) =>
        string.Join(
            "; ",
            cycle.Zip(cycle.Skip(1)).Select(step => $"{step.First} -> {step.Second} ({_uses[step.First][step.Second]})")
        );

    private static string? FolderOf(IType type, string parent)
    {
        string space = type.Namespace?.FullName ?? "";
        return space.StartsWith(parent + ".", StringComparison.Ordinal)
            ? space[(parent.Length + 1)..].Split('.')[0]
            : null;
    }
}
