using System.Globalization;
using System.Text;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>All readers of receipts say the same of the same bundles, and what is expected of them.</summary>
public sealed class ReaderAgreementTests(ITestOutputHelper output)
{
    /// <summary>Fewest altered cases in the corpus.</summary>
    private const int FewestAltered = 200;

    /// <summary>Most alterations that are written at once.</summary>
    private const int FilesOfFolder = 4_000;

    private const int MostShown = 100;

    public static TheoryData<string> Programs => [.. ReaderProgram.All.Select(program => program.Name)];

    [Fact]
    public void The_corpus_is_large_and_names_what_it_leaves_out()
    {
        output.WriteLine($"{ReaderCorpus.All.Count} cases, without {string.Join("; ", ReaderCorpus.LeftOut)}");
        Assert.True(ReaderCorpus.All.Count(one => one.Verdict != "VALID") >= FewestAltered);
        Assert.True(ReaderCorpus.LeftOut.Count <= 4, string.Join('\n', ReaderCorpus.LeftOut));
        Assert.Empty(ReaderVerdicts.Unknown(Alterations.All.Select(alteration => $"{alteration}").ToHashSet()));
    }

    /// <summary>What is expected is itself held against what clients show.</summary>
    [Fact]
    public void No_alteration_that_a_client_shows_is_expected_to_be_valid_without_a_reason() =>
        Assert.Equal(
            ReaderVerdicts.ShownAndValid.Keys.Order(StringComparer.Ordinal),
            ReaderCorpus
                .All.Where(one => one is { Shown: not null, Verdict: "VALID" })
                .Select(one => one.What)
                .Order(StringComparer.Ordinal)
        );

    [Fact]
    public void The_library_says_what_is_expected()
    {
        var differences = new StringBuilder();
        foreach (ReaderCase one in ReaderCorpus.All)
        {
            string verdict = LibraryVerdict(one.Bundle, out string reason),
                shown = one.Shown is null ? "" : " (shown)";
            if (verdict != one.Verdict)
                differences.AppendLine(
                    CultureInfo.InvariantCulture,
                    $"{one}{shown}: {verdict}: {reason}, expected {one.Verdict}"
                );
        }
        Assert.True(differences.Length == 0, $"{differences}");
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task A_program_says_what_is_expected(string name)
    {
        string folder = TestModels.NewFolder("corpus");
        ReaderProgram program = ReaderProgram.All.Single(one => one.Name == name);
        IReadOnlyList<string>? command = await program.Command(folder, await KeyFileAsync());
        Assert.SkipWhen(command is null, $"skipped: needs {name}");
        ReaderCorpus.Write(folder);
        Dictionary<string, string> said = await SayAsync(command);
        string[] differences =
        [
            .. ReaderCorpus
                .All.Where(one => said.GetValueOrDefault(one.Name) != one.Verdict)
                .Select(one => $"{one}: {said.GetValueOrDefault(one.Name) ?? "nothing"}, expected {one.Verdict}"),
        ];
        Assert.True(
            differences.Length == 0,
            $"{differences.Length} of {ReaderCorpus.All.Count}:\n{string.Join('\n', differences)}"
        );
    }

    /// <summary>Nothing is expected of these: a reader has to say what the library says.</summary>
    [Theory]
    [MemberData(nameof(Programs))]
    public async Task A_program_says_what_the_library_says_of_random_alterations(string name)
    {
        int count = LongRun.Times(4_000, 100_000);
        ReaderProgram program = ReaderProgram.All.Single(one => one.Name == name);
        string key = await KeyFileAsync();
        var differences = new List<string>();
        var reasons = new Dictionary<string, string>(StringComparer.Ordinal);
        for (int first = 0; first < count; first += FilesOfFolder)
        {
            string folder = TestModels.NewFolder("random-corpus");
            IReadOnlyList<string>? command = await program.Command(folder, key);
            Assert.SkipWhen(command is null, $"skipped: needs {name}");
            var expected = new Dictionary<string, string>(StringComparer.Ordinal);
            for (int number = first; number < Math.Min(count, first + FilesOfFolder); number++)
            {
                var alteration = new RandomAlteration(number);
                (Exchange altered, string what) = alteration.Apply((1 << alteration.Count) - 1);
                if (altered.InOneBundle() is not { } bundle)
                    continue;
                string file = $"{number:D6}.json";
                await File.WriteAllBytesAsync(
                    Path.Combine(folder, file),
                    bundle,
                    TestContext.Current.CancellationToken
                );
                string verdict = LibraryVerdict(bundle, out string reason);
                expected.Add(file, verdict);
                reasons[file] = $"{alteration.Of.Name}: {what}: {verdict}: {reason}";
            }
            Dictionary<string, string> said = await SayAsync(command);
            differences.AddRange(
                expected
                    .Where(one => said.GetValueOrDefault(one.Key) != one.Value)
                    .Select(one => $"{one.Key} ({reasons[one.Key]}): {said.GetValueOrDefault(one.Key) ?? "nothing"}")
            );
            Directory.Delete(folder, recursive: true);
        }
        Assert.True(
            differences.Count == 0,
            $"{differences.Count} of {count}:\n{string.Join('\n', differences.Take(MostShown))}"
        );
    }

    private static async Task<string> KeyFileAsync()
    {
        string file = Path.Combine(TestModels.NewFolder("corpus-key"), "key.txt");
        await File.WriteAllTextAsync(file, $"{HonestSigner.LogKey}\n", TestContext.Current.CancellationToken);
        return file;
    }

    private static async Task<Dictionary<string, string>> SayAsync(IReadOnlyList<string> command)
    {
        CommandResult result = await InstalledProgram.RunAsync(command[0], command.Skip(1));
        Assert.Equal("", result.Error);
        return ReaderProgram.Verdicts(result.Output);
    }

    private static string LibraryVerdict(byte[] bundle, out string reason)
    {
        GivenVerdict verdict = VerifierAdapter.Verify(new GivenFiles(bundle, null, null));
        reason = verdict.Reason;
        return verdict.Name == "USAGE" ? "UNUSABLE" : verdict.Name;
    }
}
