using System.Diagnostics;
using System.Globalization;
using System.Text;
using DeterministicInference.Receipts.Verification;
using DeterministicInference.Server.Verification;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>
/// No alteration of an honest answer that a client shows is VALID. The readers are those of usual clients and know
/// nothing of the formats; only <see cref="VerifierAdapter"/> and <see cref="HonestSigner"/> do.
/// </summary>
public sealed class OracleTests(ITestOutputHelper output)
{
    public static TheoryData<string> Names => [.. HonestAnswers.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void An_honest_answer_is_valid_in_every_form(string name)
    {
        foreach (ExchangeForm form in Enum.GetValues<ExchangeForm>())
        {
            Exchange exchange = HonestAnswers.All[name].Copy();
            exchange.Form = form;
            GivenVerdict verdict = VerifierAdapter.Verify(exchange.Files());
            Assert.True(name == "stream-broken" ? verdict.ExitCode == 14 : verdict.IsAccepted, $"{form}: {verdict}");
        }
    }

    [Fact]
    public async Task The_verifier_of_the_oracle_says_what_the_command_says()
    {
        string folder = TestModels.NewFolder("oracle"),
            key = Write("key", Encoding.UTF8.GetBytes(HonestSigner.LogKey.ToString()));
        foreach (Alteration alteration in Alterations.All)
        {
            GivenFiles files = alteration.Apply().Files();
            string[] arguments =
            [
                "--key",
                key,
                .. files.Request is { } request ? ["--request", Write("request", request)] : Array.Empty<string>(),
                .. files.Response is { } response ? ["--response", Write("response", response)] : Array.Empty<string>(),
            ];
            int exitCode;
            try
            {
                exitCode = (await RecordedExchange.VerifyAsync(Write("file", files.File), arguments)).ExitCode;
            }
            catch (Exception e) when (e is InputException or EvidenceException)
            {
                exitCode = 2;
            }
            GivenVerdict verdict = VerifierAdapter.Verify(files);
            Assert.True(exitCode == verdict.ExitCode, $"{alteration}: {exitCode}, {verdict}");
            Assert.True(!verdict.IsAccepted || VerifierAdapter.MayAccept(files), $"{alteration}");
        }

        string Write(string name, byte[] bytes)
        {
            string path = Path.Combine(folder, name);
            File.WriteAllBytes(path, bytes);
            return path;
        }
    }

    [Fact]
    public void No_named_alteration_deceives_a_client()
    {
        var deceptions = new List<Deception>();
        var report = new StringBuilder();
        int unseen = 0;
        foreach (Alteration alteration in Alterations.All)
        {
            Exchange altered = alteration.Apply();
            GivenFiles files = altered.Files();
            GivenVerdict verdict = VerifierAdapter.Verify(files);
            Deception? deception = Deception.Find(
                $"{alteration}",
                HonestAnswers.Shown(altered),
                new ShownFiles(files, altered.HasPlaces)
            );
            string seen = deception is null ? "not shown" : "shown";
            unseen += deception is null ? 1 : 0;
            report.AppendLine(CultureInfo.InvariantCulture, $"{alteration} → {verdict.Name} ({seen})");
            if (deception is not null && verdict.IsAccepted)
                deceptions.Add(deception);
        }
        output.WriteLine(report.ToString());
        output.WriteLine($"{Alterations.All.Count} alterations, {unseen} that no client shows");
        Assert.True(
            deceptions.Count == 0,
            $"{deceptions.Count} of {Alterations.All.Count} are accepted:\n{string.Join('\n', deceptions)}"
        );
    }

    [Fact]
    public void No_random_alteration_deceives_a_client()
    {
        int count = LongRun.Times(4_000, 1_000_000);
        var search = new RandomSearch();
        TimeSpan begin = Process.GetCurrentProcess().TotalProcessorTime;
        Parallel.For(0, count, search.Try);
        double seconds = (Process.GetCurrentProcess().TotalProcessorTime - begin).TotalSeconds;
        output.WriteLine($"{count} alterations, {search.Accepted} accepted, {count / seconds:F0} per second of a core");
        foreach (FoundClass found in search.Found)
            output.WriteLine($"{found}");
        Assert.True(
            search.Found.Count == 0,
            $"{search.Found.Count} kinds of alterations are accepted, {search.Deceptions} of {count}:\n"
                + string.Join('\n', search.Found.Take(40))
        );
    }
}
