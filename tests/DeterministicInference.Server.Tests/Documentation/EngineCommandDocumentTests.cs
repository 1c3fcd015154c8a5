using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace DeterministicInference.Server.Tests.Documentation;

/// <summary>docs/engine.md shows what the <c>engine</c> command answers.</summary>
public sealed partial class EngineCommandDocumentTests(SharedServers servers)
{
    [Fact]
    public async Task The_engines_health_report_is_shown_with_every_member_that_it_has()
    {
        string shown = Health().Match(RepositoryFiles.Read("docs/engine.md")).Groups["json"].Value;
        JsonObject real = (await (await servers.ChatAsync()).Engine.GetAsync("/health")).Json;
        Assert.Equal(real.Select(member => member.Key), Name().Matches(shown).Select(name => name.Groups[1].Value));
    }

    [GeneratedRegex(@"^\| `GET /health` \| 200 and `(?<json>\{[^`]+\})`", RegexOptions.Multiline)]
    private static partial Regex Health();

    [GeneratedRegex(@"""(\w+)"":")]
    private static partial Regex Name();
}
