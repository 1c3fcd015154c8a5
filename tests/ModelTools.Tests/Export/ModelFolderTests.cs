using System.Security.Cryptography;
using System.Text.Json;
using DeterministicInference.ModelTools.Export;
using DeterministicInference.ModelTools.Model;
using DeterministicInference.ModelTools.Training;
using Xunit;

namespace ModelTools.Tests.Export;

/// <summary>The Hugging Face folders of trained and of random models.</summary>
public sealed class ModelFolderTests : IDisposable
{
    private static readonly LlamaShape Small = new(
        Hidden: 64,
        Layers: 2,
        Heads: 4,
        KeyValueHeads: 2,
        HeadDim: 16,
        Intermediate: 96,
        Vocabulary: 300,
        MaxPositions: 512
    );

    private readonly string _folder = Directory.CreateTempSubdirectory("model-").FullName;

    private string WeightsPath => Path.Combine(_folder, "model.safetensors");

    [Fact]
    public void A_trained_model_holds_the_rounded_masters_under_their_hugging_face_names()
    {
        TrainingResult result = Trainer.Run(TrainingCheck.Recipe(2), TrainingCheck.Document, null, new());

        TrainedModel.Write(_folder, result);

        SafetensorsFile file = new(WeightsPath);
        Assert.Equal(LlamaTensor.Enumerate(TrainingCheck.Shape).Select(tensor => tensor.Name), file.Names);
        Assert.DoesNotContain("lm_head.weight", file.Names);
        Assert.Equal([64, 96], file.Dimensions("model.layers.1.mlp.down_proj.weight"));
        Assert.Equal([32, 64], file.Dimensions("model.layers.0.self_attn.k_proj.weight"));
        Assert.Equal([64], file.Dimensions("model.norm.weight"));
        foreach (ParameterTensor tensor in result.Layout.Tensors)
        {
            Assert.Equal("BF16", file.Type(tensor.Tensor.Name));
            IEnumerable<float> expected = result
                .Weights.Skip(tensor.Offset)
                .Take(tensor.Length)
                .Select(value => BitConverter.UInt32BitsToSingle((uint)TensorEncoding.ToBFloat16(value) << 16));
            Assert.Equal(expected, file.Values(tensor.Tensor.Name));
        }
    }

    [Fact]
    public void The_configuration_states_the_shape_as_transformers_names_it()
    {
        ModelConfiguration.Write(_folder, LlamaShape.Bundled, TensorType.BF16);

        JsonElement config = ReadJson("config.json");
        Assert.Equal("LlamaForCausalLM", config.GetProperty("architectures")[0].GetString());
        Assert.Equal("llama", config.GetProperty("model_type").GetString());
        (string Key, double Value)[] numbers =
        [
            ("hidden_size", 128),
            ("intermediate_size", 384),
            ("num_hidden_layers", 4),
            ("num_attention_heads", 4),
            ("num_key_value_heads", 2),
            ("head_dim", 32),
            ("vocab_size", 1024),
            ("max_position_embeddings", 8192),
            ("rope_theta", 10000),
            ("rms_norm_eps", 1e-5),
            ("bos_token_id", 0),
            ("eos_token_id", 1),
        ];
        Assert.All(numbers, number => Assert.Equal(number.Value, config.GetProperty(number.Key).GetDouble()));
        Assert.True(config.GetProperty("tie_word_embeddings").GetBoolean());
        Assert.Equal("bfloat16", config.GetProperty("torch_dtype").GetString());
        Assert.Equal("silu", config.GetProperty("hidden_act").GetString());
        Assert.Equal(1, ReadJson("generation_config.json").GetProperty("eos_token_id").GetInt32());
    }

    [Fact]
    public void A_random_model_has_weights_of_the_stated_spread_and_unit_norms()
    {
        RandomModel.Write(_folder, Small, TensorType.F32, seed: 3);

        SafetensorsFile file = new(WeightsPath);
        Assert.Equal(0.02, Deviation(file.Values("model.embed_tokens.weight")), 0.001);
        Assert.Equal(1 / Math.Sqrt(96), Deviation(file.Values("model.layers.1.mlp.down_proj.weight")), 0.005);
        Assert.All(file.Values("model.layers.0.input_layernorm.weight"), value => Assert.Equal(1f, value));
        Assert.NotEqual(
            file.Values("model.layers.0.self_attn.k_proj.weight"),
            file.Values("model.layers.0.self_attn.v_proj.weight")
        );
    }

    [Fact]
    public void A_random_model_depends_on_its_seed_only()
    {
        // Its embedding spans several pieces, which several threads fill.
        LlamaShape shape = Small with
        {
            Vocabulary = 40_000,
        };
        RandomModel.Write(_folder, shape, TensorType.BF16, seed: 3);
        byte[] first = SHA256.HashData(File.ReadAllBytes(WeightsPath));
        RandomModel.Write(_folder, shape, TensorType.BF16, seed: 3);
        byte[] again = SHA256.HashData(File.ReadAllBytes(WeightsPath));
        float[] late = new SafetensorsFile(WeightsPath).Values("model.embed_tokens.weight")[^64..];
        RandomModel.Write(_folder, shape, TensorType.BF16, seed: 4);

        Assert.Equal(first, again);
        Assert.NotEqual(first, SHA256.HashData(File.ReadAllBytes(WeightsPath)));
        SeededNormal normal = new(3, 0);
        Assert.All(
            late.Index(),
            item => Assert.Equal(0.02f * normal.At(40_000L * 64 - 64 + item.Index), item.Item, 0.0005f)
        );
    }

    [Fact]
    public void An_untied_model_has_a_head_of_its_own()
    {
        RandomModel.Write(_folder, Small with { TiedEmbeddings = false }, TensorType.F16, seed: 1);

        Assert.Contains("lm_head.weight", new SafetensorsFile(WeightsPath).Names);
        Assert.False(ReadJson("config.json").GetProperty("tie_word_embeddings").GetBoolean());
    }

    [Theory]
    [InlineData("15m", 15.2)]
    [InlineData("110m", 109.5)]
    [InlineData("500m", 494.0)]
    public void Presets_have_the_size_that_they_are_named_for(string name, double millions)
    {
        Assert.Equal(millions, RandomModel.Presets[name].ParameterCount / 1e6, 0.1);
    }

    [Fact]
    public void A_vocabulary_without_room_for_the_bytes_is_refused()
    {
        Assert.Throws<ArgumentException>(() =>
            RandomModel.Write(_folder, Small with { Vocabulary = 260 }, TensorType.F32, 1)
        );
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private JsonElement ReadJson(string name)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder, name)));
        return document.RootElement.Clone();
    }

    private static double Deviation(float[] values) =>
        Math.Sqrt(values.Sum(value => (double)value * value) / values.Length);
}
