using DeterministicInference.Server.Tests.Documentation;
using Xunit;

namespace DeterministicInference.Server.Tests.Architecture;

/// <summary>
/// Folders are namespaces, and folders side by side form no cycle, directly or indirectly: a lower folder can be read
/// without the higher ones.
/// </summary>
public sealed class FolderCycleTests
{
    private const string Server = "DeterministicInference.Server",
        Receipts = "DeterministicInference.Receipts",
        Engine = "DeterministicInference.Engine",
        Example = "DeterministicInference.Server.Tests.Architecture.CycleExample";

    /// <summary>The namespaces of every folder of the product that has folders in it.</summary>
    public static TheoryData<string> Parents =>
        [.. new[] { Engine, Receipts, Server }.SelectMany(project => ParentsIn(project))];

    [Theory]
    [MemberData(nameof(Parents))]
    public void Folders_side_by_side_have_no_cycle(string parent)
    {
        var graph = FolderGraph.Of(ProductTypes.All, parent);
        Assert.True(graph.Folders.Count > 0, $"No folder is seen in {parent}.");
        string? cycle = graph.FindCycle();
        Assert.True(cycle is null, cycle);
    }

    [Fact]
    public void A_cycle_is_found_also_around_a_corner()
    {
        Assert.Equal(
            "Bottom -> Top (Lowest uses Highest); Top -> Middle (Highest uses Between); Middle -> Bottom (Between uses Lowest)",
            FolderGraph.Of(ProductTypes.All, Example).FindCycle()
        );
    }

    private static IEnumerable<string> ParentsIn(string project)
    {
        IReadOnlyList<string> folders = RepositoryFiles.FoldersOf($"src/{project}");
        return folders
            .Where(folder => folder.Length > 0)
            .Select(folder => folder.Contains('/', StringComparison.Ordinal) ? folder[..folder.LastIndexOf('/')] : "")
            .Distinct()
            .Select(parent => $"{project}.{parent.Replace('/', '.')}".TrimEnd('.'));
    }
}
