using System.Text.Json.Nodes;
using DeterministicInference.Engine.Model;
using Xunit;

namespace DeterministicInference.Engine.Tests.Model;

/// <summary>What a <c>config.json</c> may say, and what is refused.</summary>
public sealed class ModelConfigTests : IDisposable
{
    private readonly TemporaryModel _model = new();

    [Theory]
    [InlineData("hidden_size", "null", "hidden_size is missing")]
    [InlineData("hidden_size", "0", "must be a positive integer, but is 0")]
    [InlineData("hidden_size", "-32", "must be a positive integer, but is -32")]
    [InlineData("hidden_size", "32.5", "must be a positive integer, but is 32.5")]
    [InlineData("hidden_size", "\"32\"", "must be a positive integer")]
    [InlineData("num_hidden_layers", "1e99", "must be a positive integer")]
    [InlineData("intermediate_size", "99999999999999999999", "must be a positive integer")]
    [InlineData("vocab_size", "[]", "must be a positive integer")]
    [InlineData("max_position_embeddings", "0", "must be a positive integer")]
    [InlineData("num_attention_heads", "0", "must be a positive integer")]
    [InlineData("num_key_value_heads", "3", "must divide num_attention_heads")]
    [InlineData("num_key_value_heads", "8", "must divide num_attention_heads")]
    [InlineData("head_dim", "7", "the same, even width")]
    [InlineData("head_dim", "99999998", "num_attention_heads")]
    [InlineData("rope_theta", "0", "rope_theta")]
    [InlineData("rope_theta", "-1", "rope_theta")]
    [InlineData("rope_theta", "1e999", "rope_theta")]
    [InlineData("rope_theta", "\"big\"", "not a valid model configuration")]
    [InlineData("rms_norm_eps", "-1e-5", "rms_norm_eps")]
    [InlineData("rms_norm_eps", "1e99", "rms_norm_eps")]
    [InlineData("eos_token_id", "272", "eos_token_id 272 is outside")]
    [InlineData("eos_token_id", "-1", "eos_token_id -1 is outside")]
    [InlineData("eos_token_id", "1.5", "not a valid model configuration")]
    [InlineData("eos_token_id", "[0, 9999]", "eos_token_id 9999 is outside")]
    [InlineData("architectures", "[\"GPT2LMHeadModel\"]", "architecture 'GPT2LMHeadModel' is not supported")]
    [InlineData("architectures", "[]", "architecture '' is not supported")]
    [InlineData("architectures", "\"LlamaForCausalLM\"", "not a valid model configuration")]
    [InlineData("hidden_act", "\"gelu\"", "hidden_act 'gelu' is not supported")]
    [InlineData("quantization_config", "{\"bits\": 4}", "quantized weights are not supported")]
    [InlineData(
        "rope_scaling",
        "{\"type\": \"linear\", \"factor\": 2}",
        "rope_scaling of type 'linear' is not supported"
    )]
    [InlineData("rope_scaling", "{\"rope_type\": \"llama3\"}", "rope_scaling of type 'llama3' is not supported")]
    [InlineData("tie_word_embeddings", "\"yes\"", "not a valid model configuration")]
    public void A_value_that_can_not_be_is_refused(string key, string value, string problem)
    {
        _model.Edit("config.json", config => config[key] = JsonNode.Parse(value));

        LoadFailure.Expect(_model, "config.json", problem);
    }

    [Fact]
    public void A_missing_architecture_is_refused()
    {
        _model.Edit("config.json", config => config.Remove("architectures"));

        LoadFailure.Expect(_model, "config.json", "is not supported");
    }

    [Fact]
    public void Keys_that_may_be_absent_have_the_defaults_of_transformers()
    {
        _model.Edit(
            "config.json",
            config =>
            {
                foreach (
                    string key in (string[])
                        [
                            "num_key_value_heads",
                            "head_dim",
                            "rms_norm_eps",
                            "rope_theta",
                            "tie_word_embeddings",
                            "attention_bias",
                            "mlp_bias",
                            "hidden_act",
                        ]
                )
                    config.Remove(key);
            }
        );

        ModelConfig config = ModelConfig.Read(_model.Folder);
        Assert.Equal(
            (4, 8, 1e-6f, 10000.0),
            (config.KeyValueHeads, config.HeadDimension, config.NormEpsilon, config.RopeTheta)
        );
        Assert.Equal((false, false, false), (config.TiedEmbeddings, config.AttentionBias, config.FeedForwardBias));
    }

    [Fact]
    public void Without_a_stated_width_the_heads_must_divide_the_stream()
    {
        _model.Edit(
            "config.json",
            config =>
            {
                config.Remove("head_dim");
                (config["num_attention_heads"], config["num_key_value_heads"]) = (3, 3);
            }
        );

        LoadFailure.Expect(_model, "config.json", "every head the same, even width");
    }

    [Fact]
    public void The_newer_place_of_the_rotary_base_is_read()
    {
        _model.Edit(
            "config.json",
            config =>
            {
                config.Remove("rope_theta");
                config["rope_parameters"] = new JsonObject { ["rope_type"] = "default", ["rope_theta"] = 250000.0 };
            }
        );

        Assert.Equal(250000, ModelConfig.Read(_model.Folder).RopeTheta);
    }

    public void Dispose() => _model.Dispose();
}
