using DeterministicInference.Server.Assessment;
using Xunit;

namespace DeterministicInference.Server.Tests.Assessment;

/// <summary>An engine of <c>--backend-url</c> that is of another kind than <c>--backend</c>, or none.</summary>
public sealed class AttachedKindTests
{
    [Theory]
    [InlineData("sglang", "vllm")]
    [InlineData("sglang", "llamacpp")]
    [InlineData("vllm", "sglang")]
    public async Task An_engine_that_says_that_it_is_another_one_is_reported_with_its_name(string backend, string owner)
    {
        EngineAssessment ready = await AssessAsync(Attached(backend, owner));
        Assert.Equal(
            $"--backend: the engine of --backend-url says that it is '{owner}', and is treated as '{backend}'. Give "
                + $"--backend {owner}.",
            Assert.Single(ready.Reasons, reason => reason.Code == "other_engine").Text
        );
        // Said beforehand as possible, and gone with the remedy.
        Assert.Contains("other_engine", await PendingAsync(Attached(backend, owner)));
        Assert.DoesNotContain(
            (await AssessAsync(Attached(owner, owner))).Reasons,
            reason => reason.Code == "other_engine"
        );
    }

    [Theory]
    [InlineData("sglang", "acme")]
    [InlineData("sglang", null)]
    [InlineData("external", "vllm")]
    public async Task An_owner_that_is_no_other_engine_says_nothing(string backend, string? owner) =>
        Assert.DoesNotContain(
            (await AssessAsync(Attached(backend, owner))).Reasons,
            reason => reason.Code is "other_engine" or "no_model_list"
        );

    [Fact]
    public async Task What_lists_no_models_may_be_no_openai_server()
    {
        AssessedEngine engine = Attached("external", null, listsModels: false);
        EngineAssessment ready = await AssessAsync(engine);
        Assert.Equal(
            $"--backend-url: {engine.Options.BackendUrl!.ToString().TrimEnd('/')}/v1/models answers with no list of "
                + "models, so it may be no OpenAI server. Correct --backend-url, or give the engine's key with "
                + "--backend-api-key-file.",
            Assert.Single(ready.Reasons, reason => reason.Code == "no_model_list").Text
        );
        Assert.Contains("no_model_list", await PendingAsync(engine));
    }

    private static AssessedEngine Attached(string backend, string? owner, bool listsModels = true)
    {
        var engine = new AssessedEngine(backend) { ModelOwner = owner, ListsModels = listsModels };
        engine.Options = engine.Options with
        {
            BackendUrl = new Uri("http://127.0.0.1:9"),
            BackendCommand = null,
            BackendArguments = [],
        };
        return engine;
    }

    private static async Task<EngineAssessment> AssessAsync(AssessedEngine engine) =>
        (await engine.AssessAsync()).Ready;

    private static async Task<IEnumerable<string>> PendingAsync(AssessedEngine engine) =>
        (await engine.AssessAsync()).Before.Pending.SelectMany(check => check.Codes);
}
