using System.Text;
using System.Text.Json;
using DeterministicInference.Engine.Tokenization;
using DeterministicInference.ModelTools.Export;
using Xunit;

namespace ModelTools.Tests.Export;

public sealed class TokenizerFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tokenizer-").FullName;

    [Fact]
    public void The_byte_alphabet_is_that_of_gpt_2()
    {
        // Spot values of bytes_to_unicode() and its properties: 256 distinct characters, none of them blank.
        Assert.Equal('!', ByteAlphabet.ToCharacter(0x21));
        Assert.Equal('\u0120', ByteAlphabet.ToCharacter(0x20));
        Assert.Equal('\u010A', ByteAlphabet.ToCharacter(0x0A));
        Assert.Equal('\u0100', ByteAlphabet.ToCharacter(0x00));
        Assert.Equal('\u0121', ByteAlphabet.ToCharacter(0x7F));
        Assert.Equal('\u0142', ByteAlphabet.ToCharacter(0xA0));
        Assert.Equal('\u0143', ByteAlphabet.ToCharacter(0xAD));
        Assert.Equal('\u00FF', ByteAlphabet.ToCharacter(0xFF));
        byte[] all = [.. Enumerable.Range(0, 256).Select(value => (byte)value)];
        Assert.Equal(all, ByteAlphabet.Unspell(ByteAlphabet.Spell(all)));
        Assert.Equal("\u0120caf\u00C3\u00A9", ByteAlphabet.Spell(Encoding.UTF8.GetBytes(" café")));
        Assert.Throws<ArgumentException>(() => ByteAlphabet.Unspell(" "));
    }

    [Fact]
    public void Vocabulary_merges_and_special_tokens_are_written_by_id()
    {
        string[] vocabulary = [.. SpecialTokens.Texts, "a", "\"", "\u0120", "\u0120a"];
        TokenizerFiles.Write(_folder, vocabulary, [("\u0120", "a")]);

        JsonElement file = ReadJson("tokenizer.json");
        JsonElement model = file.GetProperty("model");
        Assert.Equal("BPE", model.GetProperty("type").GetString());
        Assert.Equal(vocabulary, model.GetProperty("vocab").EnumerateObject().Select(entry => entry.Name));
        Assert.Equal(
            Enumerable.Range(0, vocabulary.Length),
            model.GetProperty("vocab").EnumerateObject().Select(entry => entry.Value.GetInt32())
        );
        Assert.Equal("\u0120", model.GetProperty("merges")[0][0].GetString());
        Assert.Equal("a", model.GetProperty("merges")[0][1].GetString());
        JsonElement[] added = [.. file.GetProperty("added_tokens").EnumerateArray()];
        Assert.Equal(SpecialTokens.Texts, added.Select(token => token.GetProperty("content").GetString()));
        Assert.All(added, token => Assert.True(token.GetProperty("special").GetBoolean()));
        JsonElement split = file.GetProperty("pre_tokenizer").GetProperty("pretokenizers")[0];
        Assert.Equal(
            @" ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+",
            split.GetProperty("pattern").GetProperty("Regex").GetString()
        );
        Assert.Equal("ByteLevel", file.GetProperty("decoder").GetProperty("type").GetString());
    }

    [Fact]
    public void The_configuration_names_the_end_token_and_the_chat_template()
    {
        TokenizerFiles.Write(_folder, SpecialTokens.Texts, []);

        JsonElement file = ReadJson("tokenizer_config.json");
        Assert.Equal("<|bos|>", file.GetProperty("bos_token").GetString());
        Assert.Equal("<|end|>", file.GetProperty("eos_token").GetString());
        Assert.Equal(
            "{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|"
                + "end|>' }}"
                + "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}",
            file.GetProperty("chat_template").GetString()
        );
    }

    [Fact]
    public void Vocabularies_that_contradict_themselves_are_refused()
    {
        Assert.Throws<ArgumentException>(() => TokenizerFiles.Write(_folder, ["a", "b"], []));
        Assert.Throws<ArgumentException>(() => TokenizerFiles.Write(_folder, [.. SpecialTokens.Texts, "a", "a"], []));
        Assert.Throws<ArgumentException>(() =>
            TokenizerFiles.Write(_folder, [.. SpecialTokens.Texts, "a", "b"], [("a", "b")])
        );
    }

    [Fact]
    public void A_random_model_has_a_text_for_every_id()
    {
        IReadOnlyList<string> vocabulary = RandomVocabulary.Create(400);

        Assert.Equal(400, vocabulary.Distinct().Count());
        Assert.Equal([(byte)'A'], ByteAlphabet.Unspell(vocabulary[5 + 'A']));
        Assert.Equal("<x399>"u8.ToArray(), ByteAlphabet.Unspell(vocabulary[399]));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private JsonElement ReadJson(string name)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder, name)));
        return document.RootElement.Clone();
    }
}
