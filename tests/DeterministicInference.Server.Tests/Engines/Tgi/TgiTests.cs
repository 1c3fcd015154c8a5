using System.Text.Json;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.Tgi;
using DeterministicInference.Server.Tests.Assessment;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines.Tgi;

/// <summary>TGI, which can only be attached to.</summary>
public sealed class TgiTests
{
    private static readonly IEngineKind Tgi = new TgiKind();

    [Fact]
    public void Its_answers_depend_on_concurrent_requests()
    {
        Assert.Null(Tgi.Launcher);
        var options = new ServeOptions { Backend = "tgi", BackendUrl = new Uri("http://127.0.0.1:9") };
        Found.Is(
            Checks.Of(Tgi, options, Machines.With("9.0")),
            "Degrades no_batch_invariance: TGI has no batch-invariant mode"
        );
    }

    /// <summary>The members of GET /info (router/src/lib.rs, Info), and which of them are facts.</summary>
    [Fact]
    public async Task What_info_says_bears_on_answers_or_does_not()
    {
        var engine = new AssessedEngine("tgi");
        engine.Options = engine.Options with { BackendUrl = new Uri("http://127.0.0.1:9"), BackendCommand = null };
        foreach (
            (string name, string value) in (ReadOnlySpan<(string, string)>)
                [
                    ("sha", "db931fc"),
                    ("docker_label", "sha-db931fc"),
                    ("model_sha", "abc123"),
                    ("model_dtype", "torch.float16"),
                ]
        )
            engine.Report[name] = value;
        (engine.Report["max_input_tokens"], engine.Report["max_total_tokens"]) = (1024, 2048);
        (engine.Report["validation_workers"], engine.Report["max_waiting_tokens"]) = (2, 20);
        InferenceEnvironment environment = await engine.MeasureAsync();
        Assert.Equal(
            [
                "argument.max_input_tokens=1024",
                "argument.max_total_tokens=2048",
                "argument.model_dtype=torch.float16",
                "engine.build=db931fc",
                "engine.image=sha-db931fc",
                "engine.version=0.5.6",
                "model.revision=abc123",
            ],
            environment
                .Facts.Where(fact => fact.Value.Source == FactSource.EngineReported)
                .Select(fact => $"{fact.Key}={fact.Value.Value}")
        );
    }

    [Theory]
    [InlineData("stop", "\"END\"", "[\"END\"]")]
    [InlineData("stop", "[\"END\"]", null)]
    [InlineData("top_p", "1", "null")]
    [InlineData("top_p", "1.0", "null")]
    [InlineData("top_p", "0.9", null)]
    [InlineData("presence_penalty", "0.0", "null")]
    [InlineData("presence_penalty", "0.5", null)]
    public void A_value_that_it_would_refuse_or_misread_is_written_as_it_reads_it(
        string name,
        string value,
        string? written
    )
    {
        FieldSpelling spelling = Tgi.Requests.Spellings.Single(spelling => spelling.Name == name);
        Assert.Equal(written, spelling.Write(JsonElement.Parse(value)));
    }

    [Theory]
    [InlineData("n", "1", false)]
    [InlineData("n", "2", true)]
    [InlineData("best_of", "2", true)]
    [InlineData("best_of", "\"2\"", true)]
    public void More_answers_than_one_are_refused(string name, string value, bool isRefused)
    {
        FieldRefusal refusal = Tgi.Requests.Refusals.Single(refusal => refusal.Name == name);
        Assert.Equal(isRefused, refusal.Applies(JsonElement.Parse(value)));
    }
}
