using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Engines;
using Xunit;

namespace DeterministicInference.Server.Tests.Documentation;

/// <summary>
/// docs/engines.md describes every engine and everything that is changed or refused for it, and names tests that exist.
/// </summary>
public sealed class EnginesDocumentTests
{
    private static readonly string Page = RepositoryFiles.Read("docs/engines.md");

    [Fact]
    public void Every_quirk_of_an_engine_has_a_test_or_a_reason()
    {
        string[] rows =
        [
            .. Page.Split('\n')
                .Where(line =>
                    line.StartsWith("| ", StringComparison.Ordinal)
                    && line.Count(c => c == '|') == 4
                    && !line.Contains("---", StringComparison.Ordinal)
                ),
        ];
        Assert.True(rows.Length > 40);
        Assert.All(
            rows.Where(row => !row.EndsWith("| shown by |", StringComparison.Ordinal)),
            row =>
            {
                string shown = row.Split('|')[3].Trim();
                if (!shown.StartsWith("not handled: ", StringComparison.Ordinal))
                    NamedTests.RequireExist(shown);
            }
        );
    }

    [Fact]
    public void Every_rule_of_a_request_is_documented()
    {
        foreach (IEngineKind backend in EngineRegistry.BuiltIn.All)
        {
            int begin = Page.IndexOf($"(`--backend {backend.Name}`)\n", StringComparison.Ordinal);
            Assert.True(begin > 0, backend.Name);
            int end = Page.IndexOf("\n## ", begin, StringComparison.Ordinal);
            string section = end < 0 ? Page[begin..] : Page[begin..end];
            RequestRules rules = backend.Requests;
            IEnumerable<string> members =
            [
                .. rules.Defaults.Select(member => member.Key),
                .. rules.Refusals.Select(refusal => refusal.Name),
                .. rules.Spellings.Select(spelling => spelling.Name),
                .. rules.AllTokenIdMembers,
                .. rules.Harmless,
            ];
            Assert.All(members, member => Assert.Contains($"`{member}", section, StringComparison.Ordinal));
        }
    }
}
