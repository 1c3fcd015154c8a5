using System.Text.RegularExpressions;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>
/// Honest and altered exchanges as bundles, each with the verdict that is expected of every reader. What is expected is
/// written down: of alterations of answers in <see cref="ReaderVerdicts"/>, of all others beside them.
/// </summary>
internal static partial class ReaderCorpus
{
    private const int LongestName = 60;

    static ReaderCorpus()
    {
        var cases = new List<ReaderCase>();
        var leftOut = new List<string>();
        foreach (Exchange honest in HonestAnswers.All.Values)
            Add(honest.Name, honest.InOneBundle(), honest.Name == "stream-broken" ? "INCOMPLETE" : "VALID");
        foreach (OddAnswer answer in OddAnswers.All)
            Add($"odd {answer.Name}", answer.Exchange().InOneBundle(), answer.Verdict);
        foreach (Alteration alteration in Alterations.All)
        {
            Exchange altered = alteration.Apply();
            byte[]? bundle = altered.InOneBundle();
            altered.Form = ExchangeForm.Bundle;
            Deception? shown = bundle is null
                ? null
                : Deception.Find(
                    $"{alteration}",
                    HonestAnswers.Shown(altered),
                    new ShownFiles(new GivenFiles(bundle, null, null), altered.HasPlaces)
                );
            Add($"{alteration}", bundle, ReaderVerdicts.Of($"{alteration}"), shown);
        }
        foreach (SealAlteration alteration in SealAlterations.All)
            Add($"{alteration}", alteration.Apply().InOneBundle(), alteration.Verdict);
        (All, LeftOut) = (cases, leftOut);

        void Add(string what, byte[]? bundle, string verdict, Deception? shown = null)
        {
            if (bundle is null)
            {
                leftOut.Add(what);
                return;
            }
            string slug = NoLetters().Replace(what.ToLowerInvariant(), "-").Trim('-');
            if (slug.Length > LongestName)
                slug = slug[..LongestName].Trim('-');
            cases.Add(new ReaderCase($"{cases.Count + 1:D4}-{slug}.json", what, bundle, verdict) { Shown = shown });
        }
    }

    public static IReadOnlyList<ReaderCase> All { get; }

    /// <summary>Alterations that no bundle can express: there are two answers in them.</summary>
    public static IReadOnlyList<string> LeftOut { get; }

    /// <summary>Writes all of them into a folder.</summary>
    public static void Write(string folder)
    {
        foreach (ReaderCase one in All)
            File.WriteAllBytes(Path.Combine(folder, one.Name), one.Bundle);
    }

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex NoLetters();
}
