namespace DeterministicInference.Receipts.Canonical;

/// <summary>The member names seen in each object that is open, to find duplicates at any depth.</summary>
internal sealed class ObjectNames
{
    private const int ReusedNames = 64;

    private readonly List<HashSet<string>> levels = [];

    /// <summary>An object begins at this depth.</summary>
    public void Open(int depth)
    {
        while (levels.Count <= depth) levels.Add(new HashSet<string>(StringComparer.Ordinal));

        // Clearing costs as much as the largest object that was in the set: a body with one large object and many small ones would take for ever.
        if (levels[depth].Count > ReusedNames) levels[depth] = new HashSet<string>(StringComparer.Ordinal);
        else levels[depth].Clear();
    }

    /// <summary>False if the object that is open at this depth has the name already.</summary>
    public bool Add(int depth, string name) => levels[depth].Add(name);
}
