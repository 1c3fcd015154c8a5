using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Tests.Answers;
using DeterministicInference.Server.Engines.Sglang;
using DeterministicInference.Server.Tests.Assessment;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines.Sglang;

/// <summary>The report of a real SGLang 0.5.23 as facts.</summary>
public sealed class SglangReportTests
{
    [Fact]
    public async Task What_is_set_is_a_fact_unless_it_is_known_to_change_nothing()
    {
        JsonObject report = Recorded();
        Assert.Equal(556, report.Count);
        InferenceEnvironment environment = await MeasureAsync(report);
        Assert.Empty(environment.Reasons);
        Assert.Equal(
            report
                .Where(member => member.Value is not null && !SglangReport.IsLeftOut(member.Key))
                .Select(member => "argument." + member.Key)
                .Order(StringComparer.Ordinal),
            environment.Facts.Keys.Where(key => key.StartsWith("argument.", StringComparison.Ordinal))
        );
        foreach (
            string name in (string[])
                [
                    "attn_dp_size",
                    "dcp_size",
                    "bf16_gemm_backend",
                    "enable_tf32_matmul",
                    "enable_torch_symm_mem",
                    "hicache_ratio",
                    "enable_quant_communications",
                    "tokenizer_backend",
                    "enable_dynamic_chunking",
                    "max_prefill_tokens",
                    "cuda_graph_config",
                ]
        )
        {
            Assert.Contains("argument." + name, environment.Facts.Keys);
        }
    }

    [Fact]
    public async Task What_is_new_in_a_build_is_another_environment_and_what_changes_nothing_is_not()
    {
        JsonObject report = Recorded();
        InferenceEnvironment known = await MeasureAsync(report);
        report["enable_something_of_tomorrow"] = true;
        Assert.Equal(["argument.enable_something_of_tomorrow"], known.Differences(await MeasureAsync(report)));
        report.Remove("enable_something_of_tomorrow");
        foreach (string name in report.Select(member => member.Key).Where(SglangReport.IsLeftOut).ToArray())
        {
            if (name is not ("version" or "weight_version"))
                report[name] = "another";
        }
        Assert.Equal(known.Id, (await MeasureAsync(report)).Id);
    }

    private static JsonObject Recorded()
    {
        string text = EngineRecordings.RequireBody("sglang", "08-server-info.json");
        return JsonNode.Parse(text)!.AsObject();
    }

    private static Task<InferenceEnvironment> MeasureAsync(JsonObject report)
    {
        var engine = new AssessedEngine("sglang");
        engine.Report.Clear();
        foreach ((string name, JsonNode? value) in report)
            engine.Report[name] = value?.DeepClone();
        return engine.MeasureAsync();
    }
}
