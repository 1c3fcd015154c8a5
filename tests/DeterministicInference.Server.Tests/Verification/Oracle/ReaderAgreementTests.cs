using System.Globalization;
using System.Text;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>All readers of receipts say the same of the same bundles, and what is expected of them.</summary>
public sealed class ReaderAgreementTests(ITestOutputHelper output)
{
    /// <summary>Fewest altered cases in the corpus.</summary>
    private const int FewestAltered = 200;

    public static TheoryData<string> Programs => [.. ReaderProgram.All.Select(program => program.Name)];

    [Fact]
    public void The_corpus_is_large_and_names_what_it_leaves_out()
    {
        output.WriteLine($"{ReaderCorpus.All.Count} cases, without {string.Join("; ", ReaderCorpus.LeftOut)}");
        Assert.True(ReaderCorpus.All.Count(one => one.Verdict is not "VALID") >= FewestAltered);
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
            GivenVerdict verdict = VerifierAdapter.Verify(new GivenFiles(one.Bundle, null, null));
            string name = verdict.Name == "USAGE" ? "UNUSABLE" : verdict.Name,
                shown = one.Shown is null ? "" : " (shown)";
            if (name != one.Verdict)
                differences.AppendLine(
                    CultureInfo.InvariantCulture,
                    $"{one}{shown}: {name}: {verdict.Reason}, expected {one.Verdict}"
                );
        }
        Assert.True(differences.Length == 0, $"{differences}");
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task A_program_says_what_is_expected(string name)
    {
        string folder = TestModels.NewFolder("corpus"),
            key = Path.Combine(TestModels.NewFolder("corpus-key"), "key.txt");
        ReaderProgram program = ReaderProgram.All.Single(one => one.Name == name);
        IReadOnlyList<string>? command = await program.Command(folder, key);
        Assert.SkipWhen(command is null, $"skipped: needs {name}");
        ReaderCorpus.Write(folder);
        await File.WriteAllTextAsync(key, $"{HonestSigner.LogKey}\n", TestContext.Current.CancellationToken);
        CommandResult result = await InstalledProgram.RunAsync(command[0], command.Skip(1));
        Dictionary<string, string> said = ReaderProgram.Verdicts(result.Output);
        string[] differences =
        [
            .. ReaderCorpus
                .All.Where(one => said.GetValueOrDefault(one.Name) != one.Verdict)
                .Select(one => $"{one}: {said.GetValueOrDefault(one.Name) ?? "nothing"}, expected {one.Verdict}"),
        ];
        Assert.True(
            differences.Length == 0,
            $"{differences.Length} of {ReaderCorpus.All.Count}:\n{string.Join('\n', differences)}\n{result.Error}"
        );
    }
}
