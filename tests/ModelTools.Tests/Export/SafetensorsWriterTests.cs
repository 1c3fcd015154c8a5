using DeterministicInference.ModelTools.Export;
using Xunit;

namespace ModelTools.Tests.Export;

public sealed class SafetensorsWriterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("safetensors-").FullName;

    private string FilePath => Path.Combine(_folder, "model.safetensors");

    [Fact]
    public void Tensors_of_every_type_come_back()
    {
        float[] values = [0f, -0f, 1f, -2.5f, 65504f, 1.5e-5f];
        TensorType[] types = [TensorType.F32, TensorType.BF16, TensorType.F16];
        using (
            SafetensorsWriter writer = new(
                FilePath,
                [.. types.Select(type => ($"tensor.{type}", type, new[] { 2, 3 }))]
            )
        )
        {
            foreach (TensorType type in types)
            {
                byte[] bytes = new byte[values.Length * TensorEncoding.Size(type)];
                TensorEncoding.Encode(values, type, bytes);
                // In two pieces, as a large tensor comes.
                writer.Write(bytes.AsSpan(0, 5));
                writer.Write(bytes.AsSpan(5));
            }
            writer.Complete();
        }

        SafetensorsFile file = new(FilePath);
        Assert.Equal(["tensor.F32", "tensor.BF16", "tensor.F16"], file.Names);
        Assert.All(file.Names, name => Assert.Equal([2, 3], file.Dimensions(name)));
        Assert.Equal(values, file.Values("tensor.F32"));
        Assert.Equal(values.Select(value => (float)(Half)value), file.Values("tensor.F16"));
        Assert.Equal([0f, -0f, 1f, -2.5f, 65536f], file.Values("tensor.BF16").Take(5));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("ab")]
    [InlineData("abcdefg")]
    public void Data_starts_at_a_multiple_of_eight_and_has_no_gaps(string name)
    {
        using (SafetensorsWriter writer = new(FilePath, [(name, TensorType.BF16, [3]), ("next", TensorType.F32, [2])]))
        {
            writer.Write(new byte[14]);
            writer.Complete();
        }

        SafetensorsFile file = new(FilePath);
        Assert.Equal(0, file.DataStart % 8);
        Assert.Equal((0, 6), file.Offsets(name));
        Assert.Equal((6, 14), file.Offsets("next"));
        Assert.Equal(14, file.DataLength);
    }

    [Fact]
    public void Too_few_and_too_many_bytes_are_refused()
    {
        using SafetensorsWriter writer = new(FilePath, [("a", TensorType.F32, [2])]);
        writer.Write(new byte[4]);

        Assert.Throws<InvalidOperationException>(writer.Complete);
        Assert.Throws<InvalidOperationException>(() => writer.Write(new byte[5]));
    }

    [Theory]
    [InlineData(0x3F80_0000u, 0x3F80)]
    [InlineData(0x3F80_7FFFu, 0x3F80)]
    [InlineData(0x3F80_8000u, 0x3F80)] // a tie goes down to even
    [InlineData(0x3F80_8001u, 0x3F81)]
    [InlineData(0x3F81_8000u, 0x3F82)] // a tie goes up to even
    [InlineData(0xBF81_8000u, 0xBF82)]
    [InlineData(0x7F7F_FFFFu, 0x7F80)] // beyond the largest finite value
    [InlineData(0xFF80_0000u, 0xFF80)]
    [InlineData(0x7F80_0001u, 0x7FC0)] // a NaN whose upper half alone would be infinity
    public void Bfloat16_rounds_to_nearest_even(uint bits, int expected)
    {
        Assert.Equal(expected, TensorEncoding.ToBFloat16(BitConverter.UInt32BitsToSingle(bits)));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
