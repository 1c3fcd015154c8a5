using System.Runtime.CompilerServices;

namespace DeterministicInference.Engine.Arithmetic;

/// <summary>
/// Y[t][r] = W[r]·X[t] (+ bias[r]) for some rows r and all tokens t. Every output is one canonical dot product, so
/// neither the split into rows nor the number of tokens in a batch changes a bit; the tiles only save loads.
/// </summary>
/// <param name="Weights">[rows, columns].</param>
/// <param name="FirstRow">First row to compute.</param>
/// <param name="EndRow">One past the last row.</param>
/// <param name="X">[tokens, columns], row stride <paramref name="XStride"/>, padded with zeros to whole lanes.</param>
/// <param name="XStride">In elements.</param>
/// <param name="Tokens">Rows of X and Y.</param>
/// <param name="Y">[tokens, rows], row stride <paramref name="YStride"/>.</param>
/// <param name="YStride">In elements.</param>
internal readonly unsafe record struct MatrixProduct(
    WeightMatrix Weights,
    int FirstRow,
    int EndRow,
    nint X,
    int XStride,
    int Tokens,
    nint Y,
    int YStride
) : ILaneKernel
{
    public void Run<TLanes>()
        where TLanes : struct, ILanes<TLanes>
    {
        if (Weights.IsBFloat16)
            Run<TLanes, ushort, BFloat16Element>(Weights.BFloat16s);
        else
            Run<TLanes, float, SingleElement>(Weights.Singles);
        AddBias();
    }

    private void Run<TLanes, T, TElement>(T* weights)
        where TLanes : struct, ILanes<TLanes>
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        // Sixteen accumulators need 512-bit registers; narrower ones would spill.
        int tile = typeof(TLanes) == typeof(Lanes512) ? 4 : 2;
        int row = FirstRow;
        if (Tokens >= tile)
        {
            for (; row + tile <= EndRow; row += tile)
            {
                T* w = weights + (long)row * Weights.Stride;
                int token = 0;
                for (; token + tile <= Tokens; token += tile)
                {
                    float* x = (float*)X + (long)token * XStride;
                    float* y = (float*)Y + (long)token * YStride + row;
                    if (typeof(TLanes) == typeof(Lanes512))
                        Tile4<TLanes, T, TElement>(w, x, y);
                    else
                        Tile2<TLanes, T, TElement>(w, x, y);
                }
                for (; token < Tokens; token++)
                {
                    for (int r = 0; r < tile; r++)
                        One<TLanes, T, TElement>(weights, row + r, token);
                }
            }
        }
        for (; row < EndRow; row++)
        {
            for (int token = 0; token < Tokens; token++)
                One<TLanes, T, TElement>(weights, row, token);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void One<TLanes, T, TElement>(T* weights, int row, int token)
        where TLanes : struct, ILanes<TLanes>
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        T* w = weights + (long)row * Weights.Stride;
        float* x = (float*)X + (long)token * XStride;
        int length = Weights.Stride;
        TLanes s0 = TLanes.Broadcast(0),
            s1 = s0,
            s2 = s0,
            s3 = s0;
        int k = 0;
        for (; k + 64 <= length; k += 64)
        {
            s0 = TLanes.FusedMultiplyAdd(TElement.Load<TLanes>(w + k), TLanes.Load(x + k), s0);
            s1 = TLanes.FusedMultiplyAdd(TElement.Load<TLanes>(w + k + 16), TLanes.Load(x + k + 16), s1);
            s2 = TLanes.FusedMultiplyAdd(TElement.Load<TLanes>(w + k + 32), TLanes.Load(x + k + 32), s2);
            s3 = TLanes.FusedMultiplyAdd(TElement.Load<TLanes>(w + k + 48), TLanes.Load(x + k + 48), s3);
        }
        if (k < length)
            s0 = TLanes.FusedMultiplyAdd(TElement.Load<TLanes>(w + k), TLanes.Load(x + k), s0);
        if (k + 16 < length)
            s1 = TLanes.FusedMultiplyAdd(TElement.Load<TLanes>(w + k + 16), TLanes.Load(x + k + 16), s1);
        if (k + 32 < length)
            s2 = TLanes.FusedMultiplyAdd(TElement.Load<TLanes>(w + k + 32), TLanes.Load(x + k + 32), s2);
        ((float*)Y)[(long)token * YStride + row] = Dot.Combine(s0, s1, s2, s3);
    }

    /// <summary>Four rows by four tokens, one pass for each of the four accumulators of the canonical order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Tile4<TLanes, T, TElement>(T* w, float* x, float* y)
        where TLanes : struct, ILanes<TLanes>
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        const int pairs = 16;
        int stride = Weights.Stride,
            length = stride;
        T* w1 = w + stride,
            w2 = w1 + stride,
            w3 = w2 + stride;
        float* x1 = x + XStride,
            x2 = x1 + XStride,
            x3 = x2 + XStride;
        float* partial = stackalloc float[pairs * 4 * Instructions.Lanes];
        for (int a = 0; a < 4; a++)
        {
            TLanes zero = TLanes.Broadcast(0);
            TLanes s00 = zero,
                s01 = zero,
                s02 = zero,
                s03 = zero,
                s10 = zero,
                s11 = zero,
                s12 = zero,
                s13 = zero;
            TLanes s20 = zero,
                s21 = zero,
                s22 = zero,
                s23 = zero,
                s30 = zero,
                s31 = zero,
                s32 = zero,
                s33 = zero;
            for (int k = a * Instructions.Lanes; k < length; k += 4 * Instructions.Lanes)
            {
                TLanes v0 = TLanes.Load(x + k),
                    v1 = TLanes.Load(x1 + k),
                    v2 = TLanes.Load(x2 + k),
                    v3 = TLanes.Load(x3 + k);
                TLanes u = TElement.Load<TLanes>(w + k);
                s00 = TLanes.FusedMultiplyAdd(u, v0, s00);
                s01 = TLanes.FusedMultiplyAdd(u, v1, s01);
                s02 = TLanes.FusedMultiplyAdd(u, v2, s02);
                s03 = TLanes.FusedMultiplyAdd(u, v3, s03);
                u = TElement.Load<TLanes>(w1 + k);
                s10 = TLanes.FusedMultiplyAdd(u, v0, s10);
                s11 = TLanes.FusedMultiplyAdd(u, v1, s11);
                s12 = TLanes.FusedMultiplyAdd(u, v2, s12);
                s13 = TLanes.FusedMultiplyAdd(u, v3, s13);
                u = TElement.Load<TLanes>(w2 + k);
                s20 = TLanes.FusedMultiplyAdd(u, v0, s20);
                s21 = TLanes.FusedMultiplyAdd(u, v1, s21);
                s22 = TLanes.FusedMultiplyAdd(u, v2, s22);
                s23 = TLanes.FusedMultiplyAdd(u, v3, s23);
                u = TElement.Load<TLanes>(w3 + k);
                s30 = TLanes.FusedMultiplyAdd(u, v0, s30);
                s31 = TLanes.FusedMultiplyAdd(u, v1, s31);
                s32 = TLanes.FusedMultiplyAdd(u, v2, s32);
                s33 = TLanes.FusedMultiplyAdd(u, v3, s33);
            }
            float* p = partial + a * Instructions.Lanes;
            TLanes.Store(s00, p);
            TLanes.Store(s01, p + 64);
            TLanes.Store(s02, p + 128);
            TLanes.Store(s03, p + 192);
            TLanes.Store(s10, p + 256);
            TLanes.Store(s11, p + 320);
            TLanes.Store(s12, p + 384);
            TLanes.Store(s13, p + 448);
            TLanes.Store(s20, p + 512);
            TLanes.Store(s21, p + 576);
            TLanes.Store(s22, p + 640);
            TLanes.Store(s23, p + 704);
            TLanes.Store(s30, p + 768);
            TLanes.Store(s31, p + 832);
            TLanes.Store(s32, p + 896);
            TLanes.Store(s33, p + 960);
        }
        CombinePairs<TLanes>(partial, y, 4);
    }

    /// <summary>Two rows by two tokens, otherwise as the larger tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Tile2<TLanes, T, TElement>(T* w, float* x, float* y)
        where TLanes : struct, ILanes<TLanes>
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        int length = Weights.Stride;
        T* w1 = w + Weights.Stride;
        float* x1 = x + XStride;
        float* partial = stackalloc float[4 * 4 * Instructions.Lanes];
        for (int a = 0; a < 4; a++)
        {
            TLanes zero = TLanes.Broadcast(0);
            TLanes s00 = zero,
                s01 = zero,
                s10 = zero,
                s11 = zero;
            for (int k = a * Instructions.Lanes; k < length; k += 4 * Instructions.Lanes)
            {
                TLanes u0 = TElement.Load<TLanes>(w + k),
                    u1 = TElement.Load<TLanes>(w1 + k);
                TLanes v0 = TLanes.Load(x + k),
                    v1 = TLanes.Load(x1 + k);
                s00 = TLanes.FusedMultiplyAdd(u0, v0, s00);
                s01 = TLanes.FusedMultiplyAdd(u0, v1, s01);
                s10 = TLanes.FusedMultiplyAdd(u1, v0, s10);
                s11 = TLanes.FusedMultiplyAdd(u1, v1, s11);
            }
            float* p = partial + a * Instructions.Lanes;
            TLanes.Store(s00, p);
            TLanes.Store(s01, p + 64);
            TLanes.Store(s10, p + 128);
            TLanes.Store(s11, p + 192);
        }
        CombinePairs<TLanes>(partial, y, 2);
    }

    /// <param name="partial">[row, token, accumulator, lane] of a square tile.</param>
    /// <param name="y">Output of the tile's first row and token.</param>
    /// <param name="tile">Rows and tokens of the tile.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CombinePairs<TLanes>(float* partial, float* y, int tile)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int r = 0; r < tile; r++)
        {
            for (int t = 0; t < tile; t++, partial += 4 * Instructions.Lanes)
            {
                y[(long)t * YStride + r] = Dot.Combine(
                    TLanes.Load(partial),
                    TLanes.Load(partial + 16),
                    TLanes.Load(partial + 32),
                    TLanes.Load(partial + 48)
                );
            }
        }
    }

    private void AddBias()
    {
        if (Weights.Bias is not { } bias)
            return;
        for (int token = 0; token < Tokens; token++)
        {
            float* y = (float*)Y + (long)token * YStride;
            for (int row = FirstRow; row < EndRow; row++)
                y[row] += bias[row];
        }
    }
}
