using DeterministicInference.Server.Assessment;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.OpenAI;
using Xunit;

namespace DeterministicInference.Server.Tests.Assessment;

/// <summary>The models of an engine are asked of it, whether or not receipts name them.</summary>
public sealed class AttachedModelTests
{
    [Theory]
    [InlineData("sglang", true)]
    [InlineData("vllm", false)]
    [InlineData("llamacpp", false)]
    [InlineData("external", false)]
    public async Task The_models_of_an_attached_engine_are_its_own(string backend, bool hasReceipts)
    {
        ServedModel model = Assert.Single((await ModelsAsync(backend, hasReceipts, null)).All);
        Assert.Equal("tiny", model.Id);
    }

    [Fact]
    public async Task A_setting_does_not_rename_what_the_engine_lists() =>
        Assert.Equal("tiny", (await ModelsAsync("vllm", false, "another")).Main!.Id);

    [Fact]
    public async Task Nothing_is_known_before_the_engine_was_asked()
    {
        var engine = new AssessedEngine("vllm");
        engine.Options = Attached(engine.Options, false, null);
        (EngineAssessment before, _) = await engine.AssessAsync();
        Assert.Same(ServedModels.Unknown, before.Models);
    }

    [Fact]
    public async Task A_launched_engine_has_its_name_from_the_beginning()
    {
        var engine = new AssessedEngine("vllm");
        engine.Options = engine.Options with { BackendArguments = ["--served-model-name", "own"] };
        (EngineAssessment before, EngineAssessment ready) = await engine.AssessAsync();
        Assert.Equal(("own", "tiny"), (before.Models.Main!.Id, ready.Models.Main!.Id));
    }

    private static async Task<ServedModels> ModelsAsync(string backend, bool hasReceipts, string? name)
    {
        var engine = new AssessedEngine(backend);
        engine.Options = Attached(engine.Options, hasReceipts, name);
        return (await engine.AssessAsync()).Ready.Models;
    }

    private static ServeOptions Attached(ServeOptions options, bool hasReceipts, string? name) =>
        options with
        {
            BackendUrl = new Uri("http://127.0.0.1:1"),
            BackendArguments = [],
            ServedModelName = name,
            Receipts = hasReceipts ? ReceiptMode.Inline : ReceiptMode.Off,
        };
}
