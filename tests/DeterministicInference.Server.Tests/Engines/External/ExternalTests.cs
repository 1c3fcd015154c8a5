using DeterministicInference.Receipts.Environments;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.External;
using DeterministicInference.Server.Tests.Assessment;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines.External;

/// <summary>An engine of which only the answers are known.</summary>
public sealed class ExternalTests
{
    private static readonly IEngineKind External = new ExternalKind();

    [Fact]
    public void An_unknown_engine_is_never_deterministic()
    {
        Assert.Null(External.Launcher);
        var options = new ServeOptions { Backend = "external", BackendUrl = new Uri("http://127.0.0.1:9") };
        Found.Is(
            Checks.Of(External, options, Machines.With("9.0")),
            "Degrades engine_unknown: The kind of the engine is unknown. Name it with --backend"
        );
        // How it handles fields is unknown too.
        Assert.Null(External.Requests.Fields);
    }

    /// <summary>SGLang reports the path of its model there, which may reveal details of the machine.</summary>
    [Theory]
    [InlineData("acme", "acme")]
    [InlineData("/home/ann/models/tiny", null)]
    [InlineData("https://models.example/tiny", null)]
    [InlineData(null, null)]
    public async Task The_owner_of_its_model_is_a_fact_where_it_is_no_place(string? owner, string? fact)
    {
        var engine = new AssessedEngine("external") { ModelOwner = owner };
        engine.Options = engine.Options with { BackendUrl = new Uri("http://127.0.0.1:9"), BackendCommand = null };
        InferenceEnvironment environment = await engine.MeasureAsync();
        Assert.Equal(fact, environment.Facts.GetValueOrDefault("engine.owner")?.Value);
        Assert.Equal(new EnvironmentFact("0.5.6", FactSource.EngineReported), environment.Facts["engine.version"]);
    }
}
