namespace DeterministicInference.Server.Configuration;

/// <summary>Suggests the name that a mistyped one may stand for.</summary>
internal static class NearestName
{
    /// <returns>The candidate with the fewest typing errors, or null if none is close.</returns>
    public static string? Of(string name, IEnumerable<string> candidates)
    {
        string typed = Plain(name);
        return candidates
            .Select(candidate => (Name: candidate, Errors: Errors(typed, Plain(candidate))))
            .Where(found => found.Errors <= 1 + typed.Length / 5)
            .OrderBy(found => found.Errors)
            .FirstOrDefault()
            .Name;
    }

    /// <summary>" Did you mean X?", or nothing.</summary>
    public static string Hint(string name, IEnumerable<string> candidates) =>
        Of(name, candidates) is { } found ? $" Did you mean {found}?" : "";

    private static string Plain(string name) => name.TrimStart('-').Replace('_', '-').ToLowerInvariant();

    private static int Errors(string typed, string meant)
    {
        // Words missing at either end, as in --startup-timeout, count as one error.
        if (
            typed != meant
            && typed.Length >= 4
            && (
                meant.StartsWith(typed, StringComparison.Ordinal)
                || meant.EndsWith("-" + typed, StringComparison.Ordinal)
            )
        )
            return 1;
        return Distance(typed, meant);
    }

    /// <summary>
    /// Edit distance of insertions, deletions, replacements and swaps of neighbours (optimal string alignment,
    /// https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance).
    /// </summary>
    private static int Distance(string a, string b)
    {
        var cost = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
            cost[i, 0] = i;
        for (int j = 0; j <= b.Length; j++)
            cost[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = cost[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                cost[i, j] = Math.Min(replaced, Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
            }
        }
        return cost[a.Length, b.Length];
    }
}
