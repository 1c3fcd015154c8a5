using DeterministicInference.Server.Backends.Preflight;
using Xunit;

namespace DeterministicInference.Server.Tests.Backends;

/// <summary>Looks at what a check found.</summary>
internal static class Found
{
    /// <summary>Each finding as "kind code".</summary>
    public static string[] Codes(this DeterminismVerdict verdict) => [.. verdict.Findings.Select(finding => $"{finding.Kind} {finding.Code}")];

    /// <summary>Requires exactly these findings, as "Kind code: beginning of its text"; every text must be one line with a remedy.</summary>
    public static void Is(DeterminismVerdict verdict, params string[] expected)
    {
        Assert.Equal(expected.Select(line => line.Split(": ")[0]), verdict.Codes());
        foreach ((Finding finding, string line) in verdict.Findings.Zip(expected))
        {
            if (line.Split(": ", 2) is [_, var text]) Assert.StartsWith(text, finding.Text, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', finding.Text);
            // What is wrong, and what to do.
            if (finding.Kind != FindingKind.Note) Assert.Matches(@"[.:] (Leave|Give|Use|Start|Pass|Let|Name|Upgrade|Look|Install)\b.*\.$|; [a-z].*\.$|, (and|or) .*\.$", finding.Text);
        }
        Assert.Equal(expected.All(line => line.StartsWith("Note ", StringComparison.Ordinal)), verdict.IsDeterministic);
    }
}
