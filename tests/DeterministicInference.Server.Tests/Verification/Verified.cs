using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Verification;
using DeterministicInference.Server.Verification;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary>The output of <c>verify</c>, as text and as JSON.</summary>
internal sealed record Verified
{
    public Verified(VerificationResult report)
    {
        (ExitCode, Text) = (report.ExitCode, new TextReport().Write(report));
        string line = Encoding.UTF8.GetString(JsonReport.Write(report));
        Assert.Equal(line.Length - 1, line.IndexOf('\n', StringComparison.Ordinal));
        Json = JsonNode.Parse(line)!.AsObject();
    }

    public int ExitCode { get; }

    public string Text { get; }

    public JsonObject Json { get; }

    public string FirstLine => Text.Split('\n')[0];

    /// <summary>Both say this.</summary>
    public Verified Is(int exitCode, string verdict, string reason)
    {
        Assert.True(exitCode == ExitCode, Text);
        Assert.Equal((verdict, exitCode), ((string)Json["verdict"]!, (int)Json["exit_code"]!));
        Assert.Contains(reason, (string)Json["reason"]!, StringComparison.Ordinal);
        Assert.StartsWith(verdict, FirstLine, StringComparison.Ordinal);
        Assert.Contains(reason, FirstLine, StringComparison.Ordinal);
        return this;
    }

    /// <summary>A line of the report.</summary>
    public Verified Has(string name, string value)
    {
        Assert.Contains(
            Text.Split('\n'),
            line =>
                line.Length > 2
                && line[2..].StartsWith(name.PadRight(18), StringComparison.Ordinal)
                && line[20..].Contains(value, StringComparison.Ordinal)
        );
        return this;
    }

    /// <summary>How a check went.</summary>
    public string Check(string name) =>
        (string)Json["checks"]!.AsArray().Single(check => (string?)check!["check"] == name)!["outcome"]!;
}
