namespace DeterministicInference.Receipts.Canonical;

/// <summary>The member names seen in each object that is open, to find duplicates at any depth.</summary>
internal sealed class ObjectNames
{
    private const int ReusedNames = 64;

    private readonly List<HashSet<string>> _levels = [];

    /// <summary>An object begins at this depth.</summary>
    public void Open(int depth)
    {
        while (_levels.Count <= depth)
            _levels.Add(new HashSet<string>(StringComparer.Ordinal));

        // Clearing costs as much as the largest object that was in the set: a body with one large object and many small
        // ones would take for ever.
        if (_levels[depth].Count > ReusedNames)
            _levels[depth] = new HashSet<string>(StringComparer.Ordinal);
        else
            _levels[depth].Clear();
    }

    /// <summary>False if the object that is open at this depth has the name already.</summary>
    public bool Add(int depth, string name) => _levels[depth].Add(name);
}
