using DeterministicInference.Server.Engines.Facts;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines.Facts;

/// <summary>What a value names outside itself is found whatever its spelling is, and words are left alone.</summary>
public sealed class NamedFilesTests
{
    /// <summary>In the working directory, where relative names are looked up.</summary>
    private static readonly string File = RelativeFile.Write("named", "one"),
        Folder = RelativeFile.NewFolder("folder");

    [Theory]
    // Certain ones.
    [InlineData("--anything", "/nowhere")]
    [InlineData("--anything", "./rel")]
    [InlineData("--anything", "https://host/x")]
    [InlineData("--anything", "a=/x")]
    [InlineData("--anything", "~/x")]
    // By the option's name, also where nothing is there.
    [InlineData("--grammar-file", "rel")]
    [InlineData("--hf-config-path", "rel")]
    [InlineData("quantization_param_path", "rel")]
    [InlineData("VLLM_TUNED_CONFIG_FOLDER", "rel")]
    [InlineData("SGLANG_MOE_CONFIG_DIR", "rel")]
    [InlineData("--control-vector", "rel")]
    [InlineData("--control-vector-scaled", "rel:0.5")]
    [InlineData("--compilation-config.cache_dir", "rel")]
    [InlineData("--compilation-config", """{"cache_dir":"rel"}""")]
    [InlineData("--json-schema-file", "rel")]
    [InlineData("--grammar-file", "rel.so")]
    [InlineData("--chat-template", "http://host/x")]
    // By the value's form.
    [InlineData("--anything", "rel.gguf")]
    [InlineData("--anything", "a=rel.json")]
    [InlineData("--anything", "x,rel.yaml:0.5")]
    [InlineData("--anything", "folder/rel")]
    [InlineData("--anything", """{"a":[{"b":"rel.py"}]}""")]
    [InlineData("--reasoning-parser-plugin", "own.py")]
    public void A_name_is_found_that_is_not_there(string option, string value) =>
        Assert.Equal((true, null), (NamedFiles.AreIn(option, value), NamedFiles.HashOf(option, value)));

    [Theory]
    [InlineData("--anything", "*")]
    [InlineData("--grammar-file", "*")]
    [InlineData("--control-vector-scaled", "*:0.5")]
    [InlineData("--anything", "name=*")]
    [InlineData("--anything", "a,*")]
    [InlineData("--anything", """{"a":["*"]}""")]
    [InlineData("VLLM_SOMETHING", "*")]
    public void A_name_in_the_working_directory_is_its_content(string option, string pattern)
    {
        string value = pattern.Replace("*", File, StringComparison.Ordinal),
            other = pattern.Replace("*", RelativeFile.Write("other", "one"), StringComparison.Ordinal),
            changed = pattern.Replace("*", RelativeFile.Write("changed", "two"), StringComparison.Ordinal);
        Assert.True(NamedFiles.AreIn(option, value));
        Assert.NotNull(NamedFiles.HashOf(option, value));
        // Its name is not in the hash.
        Assert.Equal(NamedFiles.HashOf(option, value), NamedFiles.HashOf(option, other));
        Assert.NotEqual(NamedFiles.HashOf(option, value), NamedFiles.HashOf(option, changed));
    }

    [Fact]
    public void What_stands_beside_a_name_counts_and_so_does_each_of_several()
    {
        const string option = "--control-vector-scaled";
        Assert.NotEqual(NamedFiles.HashOf(option, $"{File}:0.5"), NamedFiles.HashOf(option, $"{File}:0.6"));
        Assert.NotEqual(NamedFiles.HashOf(option, File), NamedFiles.HashOf(option, File, File));
        Assert.Null(NamedFiles.HashOf(option, $"{File},gone"));
        // A folder is not read.
        Assert.Equal((true, null), (NamedFiles.AreIn("--anything", Folder), NamedFiles.HashOf("--anything", Folder)));
    }

    [Fact]
    public void A_pipe_is_not_opened()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs /dev");
        Assert.Equal(
            (true, null),
            (NamedFiles.AreIn("--grammar-file", "/dev/stdin"), NamedFiles.HashOf("--grammar-file", "/dev/stdin"))
        );
    }

    [Theory]
    // Options that take an engine's own words: nothing is looked up.
    [InlineData("--attention-backend", "*")]
    [InlineData("--tool-call-parser", "*")]
    [InlineData("--cache-type-k", "*")]
    [InlineData("kv_cache_dtype", "*")]
    [InlineData("--flash-attn", "*")]
    // Texts.
    [InlineData("--grammar", """root ::= "a/b" """)]
    [InlineData("--grammar", """root ::= "https://" [a-z]+""")]
    [InlineData("--json-schema", """{"$schema":"http://json-schema.org/x","type":"object"}""")]
    [InlineData("--chat-template", """{% for m in messages %}<a href="http://x">{% endfor %}""")]
    [InlineData("--reasoning-budget-message", "see http://x")]
    [InlineData("--chat-template", "{{ x }}[/INST]")]
    [InlineData("--json-schema", """{"$ref":"other.json"}""")]
    [InlineData("--reverse-prompt", "*")]
    // Numbers and words that are no files, whatever the option is.
    [InlineData("--max-model-len", "8192")]
    [InlineData("--some-path", "1")]
    [InlineData("--some-path", "auto")]
    [InlineData("--dtype", "bfloat16")]
    [InlineData("--tensor-split", "3,1")]
    [InlineData("--override-kv", "tokenizer.ggml.add_bos_token=bool:false")]
    [InlineData("--override-tensor", @"blk\.\d+\.ffn=CPU")]
    [InlineData("LD_PRELOAD", "libfast.so.1:libknown.so")]
    [InlineData("--anything", "{not json")]
    [InlineData("--anything", "")]
    public void Words_texts_and_numbers_are_none(string option, string pattern) =>
        Assert.False(NamedFiles.AreIn(option, pattern.Replace("*", File, StringComparison.Ordinal)));

    [Theory]
    [InlineData("--generation-config", "auto")]
    [InlineData("--load", "auto")]
    public void A_folder_with_the_name_of_a_known_word_changes_nothing(string option, string word)
    {
        string folder = Path.Combine(Environment.CurrentDirectory, word);
        bool isOurs = !Path.Exists(folder);
        Directory.CreateDirectory(folder);
        try
        {
            Assert.False(NamedFiles.AreIn(option, word));
        }
        finally
        {
            if (isOurs)
                Directory.Delete(folder);
        }
    }
}
