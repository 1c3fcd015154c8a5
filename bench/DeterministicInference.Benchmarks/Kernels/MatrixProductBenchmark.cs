using BenchmarkDotNet.Attributes;
using DeterministicInference.Engine.Arithmetic;

namespace DeterministicInference.Benchmarks.Kernels;

/// <summary>
/// The matrix product of one 768 × 768 projection: one token (decode) and 64 (prefill). Trust the ratios.
/// </summary>
public class MatrixProductBenchmark : IDisposable
{
    private const int Size = 768;

    private WeightMatrix _weights = null!;
    private AlignedBuffer _x = null!;
    private AlignedBuffer _y = null!;

    [Params(1, 64)]
    public int Tokens { get; set; }

    [Params(false, true)]
    public bool BFloat16 { get; set; }

    [GlobalSetup]
    public unsafe void Setup()
    {
        _weights = new WeightMatrix(Size, Size, BFloat16);
        _x = AlignedBuffer.OfSingles(Tokens * Size);
        _y = AlignedBuffer.OfSingles(Tokens * Size);
        for (int i = 0; i < Tokens * Size; i++)
            _x.Singles[i] = i % 17 - 8;
    }

    [Benchmark]
    public unsafe void Product() =>
        Instructions.Run(new MatrixProduct(_weights, 0, Size, (nint)_x.Singles, Size, Tokens, (nint)_y.Singles, Size));

    [GlobalCleanup]
    public void Dispose()
    {
        _weights.Dispose();
        _x.Dispose();
        _y.Dispose();
        GC.SuppressFinalize(this);
    }
}
