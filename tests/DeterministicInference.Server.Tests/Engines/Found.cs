using DeterministicInference.Server.Assessment;
using DeterministicInference.Server.Engines;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines;

/// <summary>Compares findings.</summary>
internal static class Found
{
    /// <summary>
    /// Requires exactly these findings, as "Kind code: start of its text"; every text must be one line with a remedy.
    /// </summary>
    public static void Is(IReadOnlyList<Finding> findings, params string[] expected)
    {
        Assert.Equal(
            expected.Select(line => line.Split(": ")[0]),
            findings.Select(finding => $"{finding.Kind} {finding.Code}")
        );
        foreach ((Finding finding, string line) in findings.Zip(expected))
        {
            if (line.Split(": ", 2) is [_, var text])
                Assert.StartsWith(text, finding.Text, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', finding.Text);
            // The finding and the remedy.
            if (finding.Kind != FindingKind.Note)
                Assert.Matches(
                    @"[.:?] (Leave|Give|Use|Start|Pass|Let|Name|Upgrade|Look|Install)\b.*\.$|; [a-z].*\.$|, (and|or) .*\.$",
                    finding.Text
                );
        }
    }

    /// <summary>The same for a complete assessment, whose class must follow from its findings.</summary>
    public static void Is(EngineAssessment assessment, params string[] expected)
    {
        Is(assessment.Findings, expected);
        Assert.Equal(AssessmentStage.WhenReady, assessment.Stage);
        Assert.Empty(assessment.Pending);
        Assert.Equal(
            expected.All(line => line.StartsWith("Note ", StringComparison.Ordinal)) ? "deterministic" : "best-effort",
            assessment.Class
        );
    }
}
