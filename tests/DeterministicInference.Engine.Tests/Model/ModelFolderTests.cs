using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Engine.Tests.Model;

/// <summary>Folders that lack something, and parts that do not belong together.</summary>
public sealed class ModelFolderTests : IDisposable
{
    private readonly TemporaryModel _model = new();

    [Fact]
    public void A_missing_folder_is_named() =>
        LoadFailure.Expect(_model.PathOf("absent"), _model.PathOf("absent"), "does not exist");

    [Fact]
    public void A_file_in_place_of_the_folder_is_named() =>
        LoadFailure.Expect(_model.WeightsPath, _model.WeightsPath, "is a file");

    [Theory]
    [InlineData("config.json", "config.json", "not found")]
    [InlineData("tokenizer.json", "tokenizer.json", "not found")]
    [InlineData("model.safetensors", "", "no model.safetensors")]
    public void A_missing_file_is_named(string file, string named, string problem)
    {
        File.Delete(_model.PathOf(file));

        LoadFailure.Expect(_model.Folder, named.Length == 0 ? _model.Folder : _model.PathOf(named), problem);
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    [InlineData("generation_config.json")]
    public void A_folder_in_place_of_a_file_is_an_error_of_one_line(string file)
    {
        File.Delete(_model.PathOf(file));
        Directory.CreateDirectory(_model.PathOf(file));

        if (file is "config.json" or "tokenizer.json")
            LoadFailure.Expect(_model, file, "can't be opened");
        else
            _model.Load().Dispose();
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    public void A_file_that_is_no_json_object_is_named(string file)
    {
        foreach (
            string content in (string[])
                ["", "{", "[]", "7", "null", "{}}", "\"text\"", "{\"chat_template\": \"x\", \"bos_token\": 5, \"a\":"]
        )
        {
            File.WriteAllText(_model.PathOf(file), content);
            LoadFailure.Expect(_model, file, file);
        }
    }

    [Fact]
    public void A_tokenizer_with_more_ids_than_the_model_is_refused()
    {
        _model.Edit("tokenizer.json", root => root["model"]!["vocab"]!["one too many"] = 272);

        LoadFailure.Expect(_model, "tokenizer.json", "vocab_size 272");
    }

    [Fact]
    public void A_missing_tensor_is_named()
    {
        _model.EditWeights(weights => weights.Tensors.Remove("model.layers.1.mlp.up_proj.weight"));

        LoadFailure.Expect(_model.Folder, _model.Folder, "lack tensor 'model.layers.1.mlp.up_proj.weight'");
    }

    [Fact]
    public void A_missing_bias_is_named()
    {
        _model.Edit("config.json", config => config["attention_bias"] = true);

        LoadFailure.Expect(_model.Folder, _model.Folder, "self_attn.q_proj.bias");
    }

    [Fact]
    public void An_untied_model_needs_a_head()
    {
        _model.Edit("config.json", config => config["tie_word_embeddings"] = false);

        LoadFailure.Expect(_model.Folder, _model.Folder, "lm_head.weight");
    }

    [Theory]
    [InlineData("hidden_size", 48, "[272, 32], but config.json asks for [272, 48]")]
    [InlineData("intermediate_size", 41, "[40, 32], but config.json asks for [41, 32]")]
    [InlineData("num_key_value_heads", 4, "[16, 32], but config.json asks for [32, 32]")]
    [InlineData("vocab_size", 300, "[272, 32], but config.json asks for [300, 32]")]
    public void A_shape_that_differs_from_the_configuration_is_shown(string key, int value, string problem)
    {
        _model.Edit("config.json", config => config[key] = value);

        LoadFailure.Expect(_model, "model.safetensors", problem);
    }

    /// <summary>Memory is only taken for what the files really hold.</summary>
    [Theory]
    [InlineData("vocab_size", 100_000_000)]
    [InlineData("intermediate_size", 100_000_000)]
    [InlineData("num_hidden_layers", 100_000_000)]
    public void Absurd_sizes_in_the_configuration_take_no_memory(string key, int value)
    {
        _model.Edit(
            "config.json",
            config => (config[key], config["hidden_size"]) = (value, key == "num_hidden_layers" ? 32 : 100_000_000)
        );
        long before = GC.GetTotalAllocatedBytes(precise: true);

        LoadFailure.Expect(_model.Folder, _model.Folder, "");

        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 50_000_000);
    }

    [Fact]
    public void A_tied_matrix_may_be_stored_as_the_head()
    {
        using EmbeddedEngine before = _model.Load();
        _model.EditWeights(weights =>
        {
            weights["lm_head.weight"] = weights["model.embed_tokens.weight"];
            weights.Tensors.Remove("model.embed_tokens.weight");
        });

        using EmbeddedEngine after = _model.Load();
        Assert.Equal(before.Config, after.Config with { EndTokens = before.Config.EndTokens });
    }

    [Fact]
    public void The_model_is_named_after_its_folder()
    {
        using EmbeddedEngine engine = EmbeddedEngine.Load(
            _model.Folder + Path.DirectorySeparatorChar,
            TemporaryModel.Limits
        );

        Assert.Equal(Path.GetFileName(_model.Folder), engine.ModelName);
    }

    [Fact]
    public void End_tokens_of_both_configurations_count()
    {
        _model.Edit("generation_config.json", root => root["eos_token_id"] = new JsonArray(7, 1, 9));

        using EmbeddedEngine engine = _model.Load();
        Assert.Equal([1, 7, 9], engine.Config.EndTokens);
    }

    public void Dispose() => _model.Dispose();
}
