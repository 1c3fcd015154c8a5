using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Cli.Doctor;

/// <summary><c>doctor --table</c>: what is known of configurations, and what of it applies.</summary>
public sealed class DoctorTableTests
{
    [Fact]
    public async Task Every_row_has_its_source_and_date_and_those_that_apply_are_marked()
    {
        string[] arguments =
        [
            "doctor",
            "--table",
            "--backend",
            "sglang",
            "--model-path",
            "org/model",
            "--backend-command",
            FakeBackendProcess.Command,
        ];
        string[] tail = ["--", "--enable-tf32-matmul"];
        CommandResult text = await ServerProgram.Built.RunAsync([.. arguments, .. tail]);
        Assert.Equal((0, ""), (text.ExitCode, text.Error));
        Assert.Contains("* sglang, all: --enable-tf32-matmul\n    best-effort (matmul_precision); ", text.Output);
        Assert.Contains(
            "\n  vllm, from 0.32: NVIDIA, compute capability from 8.0 on\n    deterministic; ",
            text.Output
        );

        CommandResult json = await ServerProgram.Built.RunAsync([.. arguments, "--json", .. tail]);
        JsonArray rows = JsonNode.Parse(json.Output)!.AsArray();
        Assert.True(rows.Count > 60, $"{rows.Count} rows");
        Assert.All(rows, row => Assert.Matches(@"^\d{4}-\d\d-\d\d$", (string)row!["read"]!));
        Assert.All(rows, row => Assert.NotEmpty((string)row!["source"]!));
        Assert.Equal(
            ["sgl-gpu-unknown", "sgl-tf32"],
            rows.Where(row => (bool)row!["applies"]!).Select(row => (string)row!["id"]!).Order(StringComparer.Ordinal)
        );
    }
}
