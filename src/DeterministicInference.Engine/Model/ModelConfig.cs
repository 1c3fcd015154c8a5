using System.Text.Json;

namespace DeterministicInference.Engine.Model;

/// <summary>The shape and constants of a Llama-architecture model, from Hugging Face's <c>config.json</c>.</summary>
/// <param name="HiddenSize">Width of the residual stream.</param>
/// <param name="IntermediateSize">Width of the feed-forward layer.</param>
/// <param name="Layers">Number of transformer blocks.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KeyValueHeads">Key and value heads; divides <paramref name="Heads"/>.</param>
/// <param name="HeadDimension">Width of a head; even.</param>
/// <param name="VocabularySize">Rows of the embedding.</param>
/// <param name="MaxPositions">Longest sequence, in tokens.</param>
/// <param name="NormEpsilon">Added to the mean square in RMSNorm.</param>
/// <param name="RopeTheta">Base of the rotary frequencies.</param>
/// <param name="TiedEmbeddings">Whether the embedding is also the output head.</param>
/// <param name="AttentionBias">Whether the attention projections have a bias.</param>
/// <param name="FeedForwardBias">Whether the feed-forward projections have a bias.</param>
/// <param name="EndTokens">Ids that end a generation.</param>
internal sealed record ModelConfig(
    int HiddenSize,
    int IntermediateSize,
    int Layers,
    int Heads,
    int KeyValueHeads,
    int HeadDimension,
    int VocabularySize,
    int MaxPositions,
    float NormEpsilon,
    double RopeTheta,
    bool TiedEmbeddings,
    bool AttentionBias,
    bool FeedForwardBias,
    IReadOnlyList<int> EndTokens
)
{
    private const string SupportedArchitecture = "LlamaForCausalLM";

    // Far above any model, and far enough below the range of an integer for sums of a few.
    private const int LargestSize = 100_000_000;

    /// <exception cref="ModelLoadException">
    /// The file is missing, malformed, or describes a model not supported.
    /// </exception>
    public static ModelConfig Read(string folder)
    {
        string path = Path.Combine(folder, "config.json");
        string generationPath = Path.Combine(folder, "generation_config.json");
        try
        {
            using JsonDocument document = JsonDocument.Parse(ModelFile.ReadAllBytes(path));
            using JsonDocument? generation = File.Exists(generationPath)
                ? JsonDocument.Parse(ModelFile.ReadAllBytes(generationPath))
                : null;
            return Read(path, document.RootElement, generation?.RootElement);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelLoadException(
                $"{path}: not found. Pass --model-path the folder of a Hugging Face model (config.json, "
                    + "*.safetensors, tokenizer.json).",
                e
            );
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new ModelLoadException(
                $"{path}: not a valid model configuration ({e.Message.ReplaceLineEndings(" ")}). Download the file "
                    + "again.",
                e
            );
        }
    }

    private static ModelConfig Read(string path, JsonElement root, JsonElement? generation)
    {
        string architecture =
            root.TryGetProperty("architectures", out JsonElement list) && list.GetArrayLength() > 0
                ? list[0].GetString() ?? ""
                : "";
        if (architecture != SupportedArchitecture)
        {
            throw new ModelLoadException(
                $"{path}: architecture '{architecture}' is not supported; the embedded engine runs "
                    + $"{SupportedArchitecture}. Serve this model with --backend sglang or vllm."
            );
        }
        if (Present(root, "quantization_config"))
            throw new ModelLoadException(
                $"{path}: quantized weights are not supported. Use the model's F32, F16 or BF16 version."
            );
        string activation = root.TryGetProperty("hidden_act", out JsonElement act) ? act.GetString() ?? "" : "silu";
        if (activation != "silu")
            throw new ModelLoadException(
                $"{path}: hidden_act '{activation}' is not supported, only silu. Use a model of the standard Llama "
                    + "architecture."
            );

        int hidden = Positive(path, root, "hidden_size");
        int heads = Positive(path, root, "num_attention_heads");
        int keyValueHeads = Present(root, "num_key_value_heads") ? Positive(path, root, "num_key_value_heads") : heads;
        int headDimension = Present(root, "head_dim") ? Positive(path, root, "head_dim") : hidden / heads;
        if (heads % keyValueHeads != 0)
            throw Invalid(path, "num_key_value_heads", "must divide num_attention_heads");
        if (headDimension % 2 != 0 || (!Present(root, "head_dim") && hidden % heads != 0))
            throw Invalid(path, "hidden_size", "must give every head the same, even width");
        if ((heads + 2L * keyValueHeads) * headDimension > LargestSize)
            throw Invalid(path, "head_dim", "times num_attention_heads is out of range");
        float epsilon = Present(root, "rms_norm_eps") ? root.GetProperty("rms_norm_eps").GetSingle() : 1e-6f;
        if (!float.IsFinite(epsilon) || epsilon < 0)
            throw Invalid(path, "rms_norm_eps", "must be a small positive number");

        return new ModelConfig(
            hidden,
            Positive(path, root, "intermediate_size"),
            Positive(path, root, "num_hidden_layers"),
            heads,
            keyValueHeads,
            headDimension,
            Positive(path, root, "vocab_size"),
            Positive(path, root, "max_position_embeddings"),
            epsilon,
            RopeBase(path, root),
            Present(root, "tie_word_embeddings") && root.GetProperty("tie_word_embeddings").GetBoolean(),
            Present(root, "attention_bias") && root.GetProperty("attention_bias").GetBoolean(),
            Present(root, "mlp_bias") && root.GetProperty("mlp_bias").GetBoolean(),
            EndTokenIds(root, generation)
        );
    }

    /// <summary>transformers 4 writes rope_theta and rope_scaling, transformers 5 rope_parameters.</summary>
    private static double RopeBase(string path, JsonElement root)
    {
        double theta = Present(root, "rope_theta") ? root.GetProperty("rope_theta").GetDouble() : 10000;
        foreach (string name in (string[])["rope_scaling", "rope_parameters"])
        {
            if (!Present(root, name))
                continue;
            JsonElement scaling = root.GetProperty(name);
            string type =
                Present(scaling, "rope_type") ? scaling.GetProperty("rope_type").GetString()!
                : Present(scaling, "type") ? scaling.GetProperty("type").GetString()!
                : "default";
            if (type != "default")
                throw new ModelLoadException(
                    $"{path}: {name} of type '{type}' is not supported by the embedded engine. Use a model without "
                        + "rope scaling, or --backend sglang or vllm."
                );
            if (Present(scaling, "rope_theta"))
                theta = scaling.GetProperty("rope_theta").GetDouble();
        }
        return theta > 0 && double.IsFinite(theta) ? theta : throw Invalid(path, "rope_theta", "must be positive");
    }

    private static int[] EndTokenIds(JsonElement root, JsonElement? generation)
    {
        var ids = new SortedSet<int>();
        foreach (JsonElement? source in (JsonElement?[])[root, generation])
        {
            if (source is not { } element || !Present(element, "eos_token_id"))
                continue;
            JsonElement value = element.GetProperty("eos_token_id");
            if (value.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement id in value.EnumerateArray())
                    ids.Add(id.GetInt32());
            }
            else
            {
                ids.Add(value.GetInt32());
            }
        }
        return [.. ids];
    }

    private static bool Present(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    private static int Positive(string path, JsonElement root, string name)
    {
        if (!Present(root, name))
            throw Invalid(path, name, "is missing");
        JsonElement value = root.GetProperty(name);
        return
            value.ValueKind == JsonValueKind.Number
            && value.TryGetInt32(out int number)
            && number is > 0 and <= LargestSize
            ? number
            : throw Invalid(path, name, $"must be a positive integer, but is {value.GetRawText()}");
    }

    private static ModelLoadException Invalid(string path, string name, string problem) =>
        new($"{path}: {name} {problem}. Download the file again, or correct it.");
}
