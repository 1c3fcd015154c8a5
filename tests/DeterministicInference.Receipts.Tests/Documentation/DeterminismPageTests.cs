using System.Text.Json;
using System.Text.RegularExpressions;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Tests.Statements;
using DeterministicInference.Receipts.Verification;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Documentation;

/// <summary>docs/determinism.md says what the code does.</summary>
public sealed partial class DeterminismPageTests
{
    private static readonly string Root = FindRoot();

    private readonly string _page = File.ReadAllText(Path.Combine(Root, "docs/determinism.md"));

    [Fact]
    public void Its_vectors_are_those_of_the_tests()
    {
        string[] files = Directory.GetFiles(
            Path.Combine(Root, "tests/DeterministicInference.Receipts.Tests"),
            "*Tests.cs",
            SearchOption.AllDirectories
        );
        string sources = string.Concat(files.Select(File.ReadAllText));
        string[] values = [.. Hash().Matches(_page).Select(match => match.Value)];
        Assert.Equal(16, values.Length);
        Assert.All(values, value => Assert.Contains($"\"{value}\"", sources, StringComparison.Ordinal));
    }

    [Fact]
    public void It_lists_the_members_that_are_left_out()
    {
        string[] names = Names("These top-level names are removed:", "No others");
        Assert.Equal(12, names.Length);
        Assert.All(names, name => Assert.True(CanonicalRequest.IsRemoved(name), name));
    }

    /// <summary>Names and a value in each group of a row.</summary>
    [Theory]
    [InlineData("| both |")]
    [InlineData("| chats |")]
    public void It_lists_the_members_that_say_nothing(string row)
    {
        int start = _page.IndexOf(row, StringComparison.Ordinal);
        var listed = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string group in _page[start.._page.IndexOf('\n', start)].Split(';'))
        {
            string[] words = [.. Code().Matches(group).Select(match => match.Groups[1].Value)];
            foreach (string name in words[..^1])
                listed.Add(name, words[^1]);
        }
        IReadOnlyDictionary<string, string> table =
            row == "| both |" ? NeutralMembers.Everywhere : NeutralMembers.InChats;
        Assert.Equal(table.OrderBy(entry => entry.Key, StringComparer.Ordinal), listed);
    }

    [Fact]
    public void It_lists_the_members_that_can_t_be_pins()
    {
        string[] names = Names("or content:", "The request is bound");
        Assert.Equal(15, names.Length);
        Assert.All(names, name => Assert.Throws<ArgumentException>(() => new RequestPins([new(name, "1")])));
    }

    [Fact]
    public void It_has_every_verdict_with_its_exit_code()
    {
        foreach (Verdict verdict in Enum.GetValues<Verdict>())
        {
            string name = VerdictName.Of(verdict);
            int code = VerdictExitCode.Of(verdict);
            Assert.Matches($@"(?m)^\|.*\| {code} {name}|^\| {name}.*\| {code} \|", _page);
        }
    }

    [Theory]
    [InlineData(
        "**State.** The server issues receipts, seals them in a Merkle log, keeps them in a store, and `verify` replays them."
    )]
    [InlineData("**The statement is signed.**")]
    [InlineData("**The same environment id reproduces it**: tested")]
    [InlineData("**The log only grows.**")]
    [InlineData("the same weights give the same bits on every CPU")]
    [InlineData("- that a GPU ran it")]
    [InlineData("- that the weights in memory are the files that were hashed")]
    [InlineData("- that the output is the same on another GPU model")]
    [InlineData("- that an answer is true")]
    public void It_says_what_is_claimed_and_what_is_not(string claim) =>
        Assert.Contains(claim, _page, StringComparison.Ordinal);

    [Fact]
    public void It_shows_every_member_of_a_bundle()
    {
        using var sample = new SampleReceipt();
        var bundle = new ReceiptBundle(sample.Receipt)
        {
            Request = new RecordedRequest(sample.Statement.RequestPath, new byte[] { 0xFF }),
            Response = new RecordedResponse(sample.Statement.Delivery, "application/json", "{}"u8.ToArray()),
            Environment = sample.Environment,
            LogKey = sample.LogKey.ToString(),
        };
        using JsonDocument json = JsonDocument.Parse(bundle.ToJson());
        string section = _page[
            _page.IndexOf($"## Bundle: `{ReceiptBundle.Form}`", StringComparison.Ordinal).._page.IndexOf(
                "## Verification",
                StringComparison.Ordinal
            )
        ];
        IEnumerable<string> inner = json
            .RootElement.EnumerateObject()
            .Where(member => member.Name is "request" or "response")
            .SelectMany(member => member.Value.EnumerateObject())
            .Select(member => member.Name);
        string[] names = [.. json.RootElement.EnumerateObject().Select(member => member.Name), .. inner];
        Assert.Equal(11, names.Length);
        Assert.All(
            names,
            name =>
                Assert.Contains(name == "body_base64" ? $"`{name}`" : $"\"{name}\":", section, StringComparison.Ordinal)
        );
    }

    private string[] Names(string after, string before)
    {
        int start = _page.IndexOf(after, StringComparison.Ordinal);
        return
        [
            .. Name()
                .Matches(_page[start.._page.IndexOf(before, start, StringComparison.Ordinal)])
                .Select(match => match.Groups[1].Value),
        ];
    }

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "DeterministicInference.slnx")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new DirectoryNotFoundException("The tests run outside of the repository.");
    }

    [GeneratedRegex("\\b[0-9a-f]{64}\\b")]
    private static partial Regex Hash();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex("`([a-z_]+)`")]
    private static partial Regex Name();
}
