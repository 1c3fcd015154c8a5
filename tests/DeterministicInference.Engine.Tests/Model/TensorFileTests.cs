using System.Buffers.Binary;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Engine.Tests.Model;

/// <summary>Safetensors files that are damaged or hold what is not supported.</summary>
public sealed class TensorFileTests : IDisposable
{
    private const string Embedding = "model.embed_tokens.weight";

    private readonly TemporaryModel _model = new();

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        byte[] whole = File.ReadAllBytes(_model.WeightsPath);
        int header = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(whole);
        int[] cuts =
        [
            0,
            1,
            7,
            8,
            9,
            header / 2,
            header - 1,
            header,
            header + 1,
            .. Enumerable.Range(1, 40).Select(i => (int)((long)whole.Length * i / 41)),
            whole.Length - 1,
        ];
        foreach (int cut in cuts)
        {
            File.WriteAllBytes(_model.WeightsPath, whole[..cut]);
            LoadFailure.Expect(_model, "model.safetensors", "corrupt safetensors");
        }
    }

    [Fact]
    public void Bytes_behind_the_last_tensor_are_refused()
    {
        File.WriteAllBytes(_model.WeightsPath, [.. File.ReadAllBytes(_model.WeightsPath), 0]);

        LoadFailure.Expect(_model, "model.safetensors", "corrupt safetensors");
    }

    [Theory]
    [InlineData(0x7FFF_FFFF_FFFF_FFFFul)]
    [InlineData(0xFFFF_FFFF_FFFF_FFFFul)]
    [InlineData(100_000_001ul)]
    [InlineData(1_000_000ul)]
    [InlineData(0ul)]
    [InlineData(5ul)]
    public void A_wrong_header_length_is_refused(ulong length)
    {
        byte[] bytes = File.ReadAllBytes(_model.WeightsPath);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        File.WriteAllBytes(_model.WeightsPath, bytes);

        LoadFailure.Expect(_model, "model.safetensors", "corrupt safetensors");
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"t\": 1}")]
    [InlineData("{\"t\": {}}")]
    [InlineData("{\"t\": {\"dtype\": 5, \"shape\": [1], \"data_offsets\": [0, 4]}}")]
    [InlineData("{\"t\": {\"dtype\": \"F32\", \"shape\": [1]}}")]
    [InlineData("{\"t\": {\"dtype\": \"F32\", \"shape\": 1, \"data_offsets\": [0, 4]}}")]
    [InlineData("{\"t\": {\"dtype\": \"F32\", \"shape\": [1.5], \"data_offsets\": [0, 4]}}")]
    [InlineData("{\"t\": {\"dtype\": \"F32\", \"shape\": [-1], \"data_offsets\": [0, 4]}}")]
    [InlineData("{\"t\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0]}}")]
    [InlineData("{\"t\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 3]}}")]
    [InlineData("{\"t\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [4, 0]}}")]
    [InlineData("{\"t\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [-4, 0]}}")]
    [InlineData("{\"t\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, \"4\"]}}")]
    [InlineData(
        "{\"t\": {\"dtype\": \"F32\", \"shape\": [1000,1000,1000,1000,1000,1000,1000], \"data_offsets\": [0, 4]}}"
    )]
    [InlineData(
        "{\"t\": {\"dtype\": \"F32\", \"shape\": [9223372036854775807], \"data_offsets\": [0, 9223372036854775807]}}"
    )]
    [InlineData(
        "{\"t\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [9223372036854775800, 9223372036854775804]}}"
    )]
    [InlineData("{\"\\ud800\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}}")]
    [InlineData("{\"line\\nbreak\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 3]}}")]
    public void A_header_that_makes_no_sense_is_refused(string header)
    {
        WeightFile.Write(_model.WeightsPath, header, new byte[4000]);

        LoadFailure.Expect(_model, "model.safetensors", "corrupt safetensors");
    }

    [Theory]
    [InlineData("I64", 8)]
    [InlineData("F8_E4M3", 1)]
    [InlineData("F64", 8)]
    [InlineData("", 4)]
    public void An_element_type_that_is_not_supported_is_named(string type, int size)
    {
        _model.EditWeights(weights =>
            weights[Embedding] = new StoredTensor(type, [272, 32], new byte[272 * 32 * size])
        );

        LoadFailure.Expect(_model, "model.safetensors", $"tensor '{Embedding}' has dtype {type}");
    }

    [Fact]
    public void Tensors_that_share_bytes_are_refused()
    {
        WeightFile weights = WeightFile.Read(_model.WeightsPath);
        JsonObject header = weights.Header();
        header["extra"] = new JsonObject
        {
            ["dtype"] = "F32",
            ["shape"] = new JsonArray(2),
            ["data_offsets"] = new JsonArray(4, 12),
        };
        WeightFile.Write(_model.WeightsPath, header.ToJsonString(), Data(weights));

        LoadFailure.Expect(_model, "model.safetensors", "two tensors share byte 4 of the data");
    }

    [Fact]
    public void Bytes_that_no_tensor_has_are_refused()
    {
        WeightFile weights = WeightFile.Read(_model.WeightsPath);
        JsonObject header = weights.Header();
        header.Remove("model.layers.0.self_attn.q_proj.weight");
        WeightFile.Write(_model.WeightsPath, header.ToJsonString(), Data(weights));

        LoadFailure.Expect(_model, "model.safetensors", "no tensor has byte");
    }

    [Fact]
    public void The_header_may_list_tensors_in_any_order()
    {
        WeightFile weights = WeightFile.Read(_model.WeightsPath);
        JsonObject reversed = new(
            weights.Header().Reverse().Select(entry => KeyValuePair.Create(entry.Key, entry.Value?.DeepClone()))
        );
        WeightFile.Write(_model.WeightsPath, reversed.ToJsonString(), Data(weights));

        _model.Load().Dispose();
    }

    [Fact]
    public void A_tensor_named_twice_is_refused()
    {
        WeightFile weights = WeightFile.Read(_model.WeightsPath);
        string header = weights.Header().ToJsonString();
        string twice = header.Replace(
            "model.layers.0.self_attn.v_proj.weight",
            "model.layers.0.self_attn.k_proj.weight",
            StringComparison.Ordinal
        );
        WeightFile.Write(_model.WeightsPath, twice, Data(weights));

        LoadFailure.Expect(_model, "model.safetensors", "corrupt safetensors");
    }

    [Fact]
    public void An_empty_tensor_and_metadata_do_no_harm()
    {
        WeightFile weights = WeightFile.Read(_model.WeightsPath);
        weights["empty"] = new StoredTensor("F32", [0, 5], []);
        JsonObject header = weights.Header();
        header["__metadata__"] = new JsonObject { ["format"] = "pt" };
        WeightFile.Write(_model.WeightsPath, header.ToJsonString() + "   ", Data(weights));

        _model.Load().Dispose();
    }

    public void Dispose() => _model.Dispose();

    private static byte[] Data(WeightFile weights) => [.. weights.Tensors.Values.SelectMany(tensor => tensor.Data)];
}
