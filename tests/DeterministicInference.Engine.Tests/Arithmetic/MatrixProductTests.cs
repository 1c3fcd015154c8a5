using DeterministicInference.Engine.Arithmetic;
using Xunit;

namespace DeterministicInference.Engine.Tests.Arithmetic;

/// <summary>Every output of a matrix product is one canonical dot product, whatever tiles computed it.</summary>
public sealed unsafe class MatrixProductTests
{
    private const float Untouched = 1234.5f;
    private const int MostTokens = 9;

    public static MatrixTheoryData<string, int, bool> Cases { get; } =
        new(LaneKinds.All.Select(row => row.Data), [172, 64, 16, 1, 100], [false, true]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_output_is_one_canonical_dot_product(string lanes, int columns, bool isBFloat16)
    {
        foreach (int rows in (int[])[1, 2, 4, 7, 11])
        {
            using WeightMatrix weights = Random(rows, columns, isBFloat16, bias: rows == 7);
            for (int tokens = 1; tokens <= MostTokens; tokens++)
                Check(lanes, weights, 0, rows, tokens);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_range_of_rows_leaves_the_others_alone(string lanes, int columns, bool isBFloat16)
    {
        using WeightMatrix weights = Random(13, columns, isBFloat16, bias: true);
        foreach ((int first, int end) in ((int, int)[])[(0, 4), (3, 10), (12, 13), (5, 5)])
        {
            Check(lanes, weights, first, end, 1);
            Check(lanes, weights, first, end, 6);
        }
    }

    private static void Check(string lanes, WeightMatrix weights, int first, int end, int tokens)
    {
        int rows = weights.Rows,
            columns = weights.Columns,
            stride = weights.Stride + 16,
            yStride = rows + 3;
        float[][] x =
        [
            .. Enumerable.Range(0, tokens).Select(token => SeededValues.Singles(columns, 50 + (ulong)token)),
        ];
        float[] inputs = new float[tokens * stride],
            outputs = new float[tokens * yStride],
            expected = new float[tokens * yStride];
        Array.Fill(outputs, Untouched);
        Array.Fill(expected, Untouched);
        for (int token = 0; token < tokens; token++)
        {
            x[token].CopyTo(inputs, token * stride);
            for (int row = first; row < end; row++)
            {
                float sum = SummationOrder.Canonical.Dot(Row(weights, row), x[token]);
                expected[token * yStride + row] = weights.Bias is { } bias ? sum + bias[row] : sum;
            }
        }
        fixed (
            float* px = inputs,
                py = outputs
        )
        {
            LaneKinds.Run(lanes, new MatrixProduct(weights, first, end, (nint)px, stride, tokens, (nint)py, yStride));
        }

        Bits.Equal(expected, outputs, $"{rows}×{columns}, rows {first}…{end}, {tokens} tokens");
    }

    private static float[] Row(WeightMatrix weights, int row) =>
        weights.IsBFloat16
            ?
            [
                .. weights
                    .BFloat16Row(row)[..weights.Columns]
                    .ToArray()
                    .Select(value => BitConverter.UInt32BitsToSingle((uint)value << 16)),
            ]
            : weights.SingleRow(row)[..weights.Columns].ToArray();

    private static WeightMatrix Random(int rows, int columns, bool isBFloat16, bool bias)
    {
        var matrix = new WeightMatrix(rows, columns, isBFloat16)
        {
            Bias = bias ? SeededValues.Singles(rows, 99) : null,
        };
        for (int row = 0; row < rows; row++)
        {
            float[] values = SeededValues.Singles(columns, 100 + (ulong)row);
            if (!isBFloat16)
            {
                values.CopyTo(matrix.SingleRow(row));
                continue;
            }
            for (int i = 0; i < columns; i++)
                matrix.BFloat16Row(row)[i] = (ushort)(BitConverter.SingleToUInt32Bits(values[i]) >> 16);
        }
        return matrix;
    }
}
