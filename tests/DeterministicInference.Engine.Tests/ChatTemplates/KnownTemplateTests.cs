using System.Text.Json.Nodes;
using DeterministicInference.Engine.ChatTemplates;
using DeterministicInference.Engine.Tests.Model;
using DeterministicInference.ModelTools.Export;
using Xunit;

namespace DeterministicInference.Engine.Tests.ChatTemplates;

/// <summary>Conversations as token ids.</summary>
public sealed class KnownTemplateTests : IDisposable
{
    // As the transformers documentation and the Llama 3 model card's repository write them.
    private const string ChatMl =
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' "
        + "+ '\\n'}}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    private const string Llama3 =
        "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' "
        + "+ message['role'] + "
        + "'<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set "
        + "content = bos_token + content %}"
        + "{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|"
        + "end_header_id|>\n\n' }}{% endif %}";

    private static readonly ChatMessage[] Conversation = [new("system", "Be kind."), new("user", " Hi <|end|> \n")];

    private readonly TemporaryModel _model = new();

    [Fact]
    public void The_projects_own_models_render_role_text_and_end()
    {
        using EmbeddedEngine engine = _model.Load();

        int[] expected =
        [
            SpecialTokens.Bos,
            SpecialTokens.System,
            .. engine.Tokenizer.Encode("Be kind."),
            SpecialTokens.End,
            SpecialTokens.User,
            .. engine.Tokenizer.Encode(" Hi <|end|> \n"),
            SpecialTokens.End,
            SpecialTokens.Assistant,
        ];
        Assert.Equal(expected, engine.EncodeChat(Conversation));
        Assert.DoesNotContain(SpecialTokens.End, engine.Tokenizer.Encode(" Hi <|end|> \n"));
    }

    [Fact]
    public void ChatMl_is_recognised() =>
        Assert.Equal(
            "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\n Hi <|end|> \n<|im_end|>\n<|im_start|"
                + ">assistant\n",
            Render(ChatMl)
        );

    [Fact]
    public void Llama_3_is_recognised_with_its_trimmed_contents() =>
        Assert.Equal(
            "<|bos|><|start_header_id|>system<|end_header_id|>\n\nBe kind.<|eot_id|><|start_header_id|>user<|"
                + "end_header_id|>\n\nHi <|end|><|eot_id|>"
                + "<|start_header_id|>assistant<|end_header_id|>\n\n",
            Render(Llama3)
        );

    [Fact]
    public void Only_what_the_template_wrote_is_control_text()
    {
        IChatTemplate template = KnownTemplate.Find(_model.Folder)!;

        PromptPart[] plain = [.. template.Render(Conversation).Where(part => !part.IsControl)];

        Assert.Equal(["Be kind.", " Hi <|end|> \n"], plain.Select(part => part.Text));
    }

    [Theory]
    [InlineData("\"{{ messages }}\"")]
    [InlineData("null")]
    [InlineData("[{\"name\": \"default\", \"template\": \"x\"}]")]
    public void An_unknown_template_is_no_template(string template)
    {
        _model.Edit("tokenizer_config.json", root => root["chat_template"] = JsonNode.Parse(template));

        using EmbeddedEngine engine = _model.Load();
        Assert.Null(engine.Template);
        Assert.Contains(
            "/v1/completions",
            Assert.Throws<ChatTemplateException>(() => engine.EncodeChat(Conversation)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Without_the_file_there_is_no_template()
    {
        File.Delete(_model.PathOf("tokenizer_config.json"));

        Assert.Null(KnownTemplate.Find(_model.Folder));
    }

    [Theory]
    [InlineData("{\"content\": \"<|bos|>\"}", "<|bos|>")]
    [InlineData("null", "")]
    public void The_begin_token_may_be_an_object_or_absent(string token, string expected)
    {
        _model.Edit("tokenizer_config.json", root => root["bos_token"] = JsonNode.Parse(token));

        Assert.Equal(expected, KnownTemplate.Find(_model.Folder)!.Render([])[0].Text);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("5")]
    [InlineData("{\"content\": 5}")]
    public void A_begin_token_that_makes_no_sense_is_an_error_of_one_line(string token)
    {
        _model.Edit("tokenizer_config.json", root => root["bos_token"] = JsonNode.Parse(token));

        LoadFailure.Expect(_model, "tokenizer_config.json", "not valid");
    }

    public void Dispose() => _model.Dispose();

    private string Render(string source)
    {
        _model.Edit("tokenizer_config.json", root => root["chat_template"] = source);
        return string.Concat(KnownTemplate.Find(_model.Folder)!.Render(Conversation).Select(part => part.Text));
    }
}
