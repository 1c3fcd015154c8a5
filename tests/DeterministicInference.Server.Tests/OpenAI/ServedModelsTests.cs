using System.Text.Json;
using DeterministicInference.Receipts.Tests.Answers;
using DeterministicInference.Server.OpenAI;
using Xunit;

namespace DeterministicInference.Server.Tests.OpenAI;

/// <summary>What an engine lists is what its model is called.</summary>
public sealed class ServedModelsTests
{
    private const string LlamaServer =
            """
                {"models":[{"name":"smol.gguf"}],"object":"list","data":[{"id":"smol.gguf","aliases":["smol","s"],
                "object":"model","owned_by":"llamacpp","meta":{"n_ctx":2048,"n_ctx_train":8192}}]}
                """,
        Adapters =
            """
                {"object":"list","data":[{"id":"base","root":"/models/b","parent":null,"max_model_len":4096},
                {"id":"other-name","root":"/models/b","parent":null},{"id":"lora","root":"/a","parent":"base"}]}
                """;

    [Theory]
    [InlineData("vllm", 512)]
    [InlineData("sglang", 8192)]
    public void The_recorded_list_of_an_engine_is_read(string engine, int length)
    {
        EngineRecording recording = Assert.Single(EngineRecordings.Require(engine, "/v1/models"));
        ServedModels models = Read(System.Text.Encoding.UTF8.GetString(recording.Body), "another")!;
        ServedModel model = Assert.Single(models.All);
        Assert.Equal(("demo", length, (string?)null), (model.Id, model.MaxLength, model.Parent));
        Assert.Same(model, models.Main);
    }

    [Fact]
    public void A_model_may_have_further_names()
    {
        ServedModels models = Read(LlamaServer)!;
        Assert.Equal(2048, models.Main!.MaxLength);
        foreach (string name in (string[])["smol.gguf", "smol", "s"])
        {
            Assert.Same(models.Main, models.Find(name));
            Assert.Equal(name, models.NameFor(name));
        }
        Assert.Equal("smol.gguf", models.NameFor("test-model"));
    }

    /// <summary>Nobody gets back more than a line of what was sent, and no half of a character.</summary>
    [Theory]
    [InlineData("x", 5000)]
    [InlineData("\ud83d\ude00", 2500)]
    [InlineData("x\ud83d\ude00", 2500)]
    public void A_long_name_is_repeated_in_part(string text, int times)
    {
        string name = string.Concat(Enumerable.Repeat(text, times)),
            message = OpenAIException.UnknownModel(name, ServedModels.Unknown).Message;
        Assert.InRange(message.Length, 200, 300);
        Assert.StartsWith($"The model '{name[..198]}", message, StringComparison.Ordinal);
        Assert.Contains("…' does not exist. ", message, StringComparison.Ordinal);
        Assert.DoesNotContain(
            '\uFFFD',
            System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(message))
        );
    }

    /// <summary>SGLang's router (0.3.2) lists one model, whatever its workers have.</summary>
    [Fact]
    public void A_model_may_be_called_unknown()
    {
        ServedModels models = Read(
            """{"object":"list","data":[{"id":"unknown","object":"model","owned_by":"local"}]}"""
        )!;
        Assert.Equal(("unknown", "unknown"), (models.Main!.Id, models.NameFor("mine")));
    }

    [Theory]
    [InlineData(null, "base")]
    [InlineData("missing", "base")]
    [InlineData("other-name", "other-name")]
    [InlineData("lora", "lora")]
    public void The_main_model_is_the_given_one_or_the_first_that_is_no_adapter(string? given, string expected) =>
        Assert.Equal(expected, Read(Adapters, given)!.Main!.Id);

    [Theory]
    [InlineData("lora", null, "lora", false)]
    [InlineData("other-name", null, "other-name", true)]
    [InlineData("base:lora", null, "base", true)]
    [InlineData("base:lora", ':', "base:lora", false)]
    [InlineData("base:other-name", ':', "base", true)]
    [InlineData("qwen:0.5b", ':', "base", true)]
    [InlineData(":lora", ':', "base", true)]
    [InlineData("", ':', "base", true)]
    public void What_is_listed_keeps_its_name(string asked, char? mark, string expected, bool isMain)
    {
        ServedModels models = Read(Adapters)!;
        Assert.Equal(expected, models.NameFor(asked, mark));
        Assert.Equal(isMain, models.IsMain(models.Find(asked, mark) ?? models.Main!));
    }

    [Fact]
    public void Nothing_is_known_of_an_engine_that_lists_nothing()
    {
        Assert.Null(ServedModels.Unknown.Main);
        Assert.Null(ServedModels.Unknown.NameFor("any"));
        Assert.Same(ServedModels.Unknown, ServedModels.Named(null));
    }

    [Theory]
    [InlineData("""[]""")]
    [InlineData("""{"data":{}}""")]
    [InlineData("""{"data":[]}""")]
    [InlineData("""{"data":[null,5,{},{"id":""},{"id":7},{"id":"\ud800"}]}""")]
    public void Another_answer_lists_nothing(string answer) => Assert.Null(Read(answer));

    /// <summary>A name that no pin can hold could not be given to the engine.</summary>
    [Fact]
    public void A_name_that_is_too_long_is_left_out() =>
        Assert.Equal(
            "b",
            Read($$"""{"data":[{"id":"{{new string('a', 300)}}"},{"id":"b","max_model_len":-1}]}""")!.Main!.Id
        );

    private static ServedModels? Read(string json, string? given = null)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return ServedModels.Read(document.RootElement, given);
    }
}
