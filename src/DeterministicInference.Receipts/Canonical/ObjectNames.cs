namespace DeterministicInference.Receipts.Canonical;

/// <summary>The member names seen in each object that is open, to find duplicates at any depth.</summary>
internal sealed class ObjectNames
{
    private readonly List<HashSet<string>> levels = [];

    /// <summary>An object begins at this depth.</summary>
    public void Open(int depth)
    {
        while (levels.Count <= depth) levels.Add(new HashSet<string>(StringComparer.Ordinal));
        levels[depth].Clear();
    }

    /// <summary>False if the object that is open at this depth has the name already.</summary>
    public bool Add(int depth, string name) => levels[depth].Add(name);
}
