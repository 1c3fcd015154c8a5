using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>Alterations of one kind that are accepted and shown.</summary>
/// <param name="Kind">The changes, and what they change for a client.</param>
/// <param name="Number">Of the first alteration of this kind.</param>
/// <param name="Count">How many there are.</param>
/// <param name="Example">The first one.</param>
internal sealed record FoundClass(string Kind, int Number, int Count, Deception Example)
{
    public override string ToString() => $"{Count} × {Kind} (number {Number})\n  {Example}";
}

/// <summary>Tries random alterations and gathers those that are accepted and shown. Safe for several threads.</summary>
internal sealed partial class RandomSearch
{
    private readonly ConcurrentDictionary<string, FoundClass> _found = [];
    private int _accepted,
        _deceptions;

    /// <summary>Alterations in which no check fails but, perhaps, that of the signature.</summary>
    public int Accepted => _accepted;

    /// <summary>Those of them that a client shows otherwise.</summary>
    public int Deceptions => _deceptions;

    /// <summary>The most frequent ones first.</summary>
    public IReadOnlyList<FoundClass> Found =>
        [.. _found.Values.OrderByDescending(found => found.Count).ThenBy(found => found.Number)];

    public void Try(int number)
    {
        var alteration = new RandomAlteration(number);
        int all = (1 << alteration.Count) - 1;
        if (Deceives(alteration, all) is not { } deception)
            return;
        Interlocked.Increment(ref _deceptions);
        // The fewest of its changes that still deceive.
        for (int which = 1; which < all; which++)
        {
            if (Deceives(alteration, which) is not { } fewer)
                continue;
            deception = fewer;
            break;
        }
        string kind = $"{deception.Name} → {Digits().Replace(deception.Field, "#")}";
        // Which thread comes first is chance; the report is not.
        _found.AddOrUpdate(
            kind,
            _ => new FoundClass(kind, number, 1, deception),
            (_, found) =>
                (number < found.Number ? new FoundClass(kind, number, 0, deception) : found) with
                {
                    Count = found.Count + 1,
                }
        );
    }

    private Deception? Deceives(RandomAlteration alteration, int which)
    {
        (Exchange altered, string what) = alteration.Apply(which);
        GivenFiles files = altered.Files();
        if (!VerifierAdapter.MayAccept(files))
            return null;
        Interlocked.Increment(ref _accepted);
        var shown = new ShownFiles(files, altered.HasPlaces);
        return
            Deception.Find(what, HonestAnswers.Shown(altered), shown) is { } deception
            && VerifierAdapter.Verify(files).IsAccepted
            ? deception
            : null;
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();
}
