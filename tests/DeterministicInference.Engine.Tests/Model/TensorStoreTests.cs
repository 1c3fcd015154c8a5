using System.Text.Json.Nodes;
using DeterministicInference.Engine.Arithmetic;
using DeterministicInference.Engine.Model;
using Xunit;

namespace DeterministicInference.Engine.Tests.Model;

/// <summary>Exact widening, and weights in several files.</summary>
public sealed unsafe class TensorStoreTests : IDisposable
{
    private const string IndexName = "model.safetensors.index.json";

    private readonly TemporaryModel _model = new();

    [Fact]
    public void All_half_precision_values_are_read_exactly()
    {
        ushort[] all = [.. Enumerable.Range(0, 65536).Select(bits => (ushort)bits)];
        var file = new WeightFile
        {
            ["t"] = new StoredTensor("F16", [512, 128], [.. all.SelectMany(BitConverter.GetBytes)]),
        };
        file.Write(_model.WeightsPath);
        using TensorStore store = TensorStore.Open(_model.Folder);
        using var matrix = new WeightMatrix(512, 128, isBFloat16: false);

        store.ReadMatrix("t", 512, 128, matrix, 0);

        Bits.Equal([.. all.Select(ExactHalf)], new ReadOnlySpan<float>(matrix.Singles, 65536), "half");
    }

    [Fact]
    public void Rows_are_padded_with_zeros_in_either_type()
    {
        var file = new WeightFile
        {
            ["single"] = StoredTensor.OfSingles([3, 5], [.. Enumerable.Range(1, 15).Select(i => (float)i)]),
            ["brain"] = new StoredTensor(
                "BF16",
                [3, 5],
                [
                    .. Enumerable
                        .Range(1, 15)
                        .SelectMany(i => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(i) >> 16))),
                ]
            ),
        };
        file.Write(_model.WeightsPath);
        using TensorStore store = TensorStore.Open(_model.Folder);
        foreach (string name in file.Tensors.Keys)
        {
            using var matrix = new WeightMatrix(4, 5, store.IsBFloat16(name));
            store.ReadMatrix(name, 3, 5, matrix, 1);
            for (int row = 0; row < 4; row++)
            {
                float[] expected =
                [
                    .. Enumerable.Range(0, 16).Select(i => row > 0 && i < 5 ? (row - 1) * 5 + i + 1f : 0f),
                ];
                float[] actual = matrix.IsBFloat16
                    ?
                    [
                        .. matrix
                            .BFloat16Row(row)
                            .ToArray()
                            .Select(bits => BitConverter.UInt32BitsToSingle((uint)bits << 16)),
                    ]
                    : matrix.SingleRow(row).ToArray();
                Bits.Equal(expected, actual, $"{name}, row {row}");
            }
        }
    }

    [Fact]
    public void Weights_in_shards_are_found_by_the_index()
    {
        Shard();

        _model.Load().Dispose();
    }

    [Fact]
    public void A_missing_shard_is_named()
    {
        Shard();
        File.Delete(_model.PathOf("shard-2.safetensors"));

        LoadFailure.Expect(_model, "shard-2.safetensors", "can't be opened");
    }

    [Fact]
    public void A_tensor_in_two_shards_is_refused()
    {
        Shard();
        WeightFile second = WeightFile.Read(_model.PathOf("shard-2.safetensors"));
        second["model.norm.weight"] = StoredTensor.OfSingles([32], new float[32]);
        WeightFile first = WeightFile.Read(_model.PathOf("shard-1.safetensors"));
        first["model.norm.weight"] = second["model.norm.weight"];
        first.Write(_model.PathOf("shard-1.safetensors"));
        second.Write(_model.PathOf("shard-2.safetensors"));

        LoadFailure.Expect(_model, "shard-2.safetensors", "'model.norm.weight' is also in");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"weight_map\": []}")]
    [InlineData("{\"weight_map\": {\"t\": null}}")]
    [InlineData("{\"weight_map\": {\"t\": 5}}")]
    [InlineData("{\"weight_map\": {\"t\": \"\"}}")]
    [InlineData("{\"weight_map\": {\"t\": \"a\\u0000b\"}}")]
    public void An_index_that_makes_no_sense_is_named(string content)
    {
        Shard();
        File.WriteAllText(_model.PathOf(IndexName), content);

        LoadFailure.Expect(_model, IndexName, "not a valid shard index");
    }

    [Fact]
    public void The_index_can_not_lead_out_of_the_folder()
    {
        Shard();
        _model.Edit(IndexName, root => root["weight_map"]!["model.norm.weight"] = "../../outside.safetensors");

        LoadFailure.Expect(_model, "outside.safetensors", "can't be opened");
    }

    public void Dispose() => _model.Dispose();

    /// <summary>IEEE 754 half precision by its definition.</summary>
    private static float ExactHalf(ushort bits)
    {
        int exponent = bits >> 10 & 31,
            fraction = bits & 1023;
        double value = exponent switch
        {
            0 => Math.ScaleB(fraction, -24),
            31 => fraction == 0 ? double.PositiveInfinity : double.NaN,
            _ => Math.ScaleB(1024 + fraction, exponent - 25),
        };
        return (float)((bits & 0x8000) != 0 ? -value : value);
    }

    private void Shard()
    {
        WeightFile whole = WeightFile.Read(_model.WeightsPath);
        File.Delete(_model.WeightsPath);
        var map = new JsonObject();
        foreach (
            (int number, (string name, StoredTensor tensor)[] part) in whole
                .Tensors.Select(entry => (entry.Key, entry.Value))
                .Chunk(12)
                .Index()
        )
        {
            string shardName = $"shard-{number + 1}.safetensors";
            var shard = new WeightFile();
            foreach ((string name, StoredTensor tensor) in part)
            {
                shard[name] = tensor;
                map[name] = shardName;
            }
            shard.Write(_model.PathOf(shardName));
        }
        File.WriteAllText(_model.PathOf(IndexName), new JsonObject { ["weight_map"] = map }.ToJsonString());
    }
}
