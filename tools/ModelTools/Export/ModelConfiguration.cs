using System.Text.Json;
using DeterministicInference.ModelTools.Model;

namespace DeterministicInference.ModelTools.Export;

/// <summary>
/// Writes <c>config.json</c> and <c>generation_config.json</c> with the keys of Hugging Face's <c>LlamaConfig</c>.
/// </summary>
internal static class ModelConfiguration
{
    public static void Write(string folder, LlamaShape shape, TensorType type)
    {
        JsonFile.Write(folder, "config.json", json => WriteModel(json, shape, type));
        JsonFile.Write(folder, "generation_config.json", WriteGeneration);
    }

    private static void WriteModel(Utf8JsonWriter json, LlamaShape shape, TensorType type)
    {
        json.WriteStartObject();
        json.WriteStartArray("architectures");
        json.WriteStringValue("LlamaForCausalLM");
        json.WriteEndArray();
        json.WriteBoolean("attention_bias", false);
        json.WriteNumber("attention_dropout", 0);
        json.WriteNumber("bos_token_id", SpecialTokens.Bos);
        json.WriteNumber("eos_token_id", SpecialTokens.End);
        json.WriteNumber("head_dim", shape.HeadDim);
        json.WriteString("hidden_act", "silu");
        json.WriteNumber("hidden_size", shape.Hidden);
        json.WriteNumber("initializer_range", 0.02);
        json.WriteNumber("intermediate_size", shape.Intermediate);
        json.WriteNumber("max_position_embeddings", shape.MaxPositions);
        json.WriteBoolean("mlp_bias", false);
        json.WriteString("model_type", "llama");
        json.WriteNumber("num_attention_heads", shape.Heads);
        json.WriteNumber("num_hidden_layers", shape.Layers);
        json.WriteNumber("num_key_value_heads", shape.KeyValueHeads);
        json.WriteNumber("pretraining_tp", 1);
        json.WriteNumber("rms_norm_eps", shape.RmsEpsilon);
        json.WriteNull("rope_scaling");
        json.WriteNumber("rope_theta", shape.RopeTheta);
        json.WriteBoolean("tie_word_embeddings", shape.TiedEmbeddings);
        json.WriteString("torch_dtype", TensorEncoding.TorchName(type));
        json.WriteBoolean("use_cache", true);
        json.WriteNumber("vocab_size", shape.Vocabulary);
        json.WriteEndObject();
    }

    private static void WriteGeneration(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("bos_token_id", SpecialTokens.Bos);
        json.WriteNumber("eos_token_id", SpecialTokens.End);
        json.WriteEndObject();
    }
}
