using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DeterministicInference.Engine.Arithmetic;

/// <summary><see cref="ILanes{TSelf}"/> in four 128-bit registers (ARM64, and x64 without AVX2).</summary>
internal readonly unsafe struct Lanes128(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d)
    : ILanes<Lanes128>
{
    private readonly Vector128<float> _a = a;
    private readonly Vector128<float> _b = b;
    private readonly Vector128<float> _c = c;
    private readonly Vector128<float> _d = d;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Broadcast(float value)
    {
        Vector128<float> v = Vector128.Create(value);
        return new(v, v, v, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(float* source) =>
        new(
            Vector128.Load(source),
            Vector128.Load(source + 4),
            Vector128.Load(source + 8),
            Vector128.Load(source + 12)
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(ushort* source)
    {
        (Vector128<uint> a, Vector128<uint> b) = Vector128.Widen(Vector128.Load(source));
        (Vector128<uint> c, Vector128<uint> d) = Vector128.Widen(Vector128.Load(source + 8));
        return new(
            Vector128.ShiftLeft(a, 16).AsSingle(),
            Vector128.ShiftLeft(b, 16).AsSingle(),
            Vector128.ShiftLeft(c, 16).AsSingle(),
            Vector128.ShiftLeft(d, 16).AsSingle()
        );
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes128 value, float* target)
    {
        value._a.Store(target);
        value._b.Store(target + 4);
        value._c.Store(target + 8);
        value._d.Store(target + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 FusedMultiplyAdd(Lanes128 a, Lanes128 b, Lanes128 c) =>
        new(
            Vector128.FusedMultiplyAdd(a._a, b._a, c._a),
            Vector128.FusedMultiplyAdd(a._b, b._b, c._b),
            Vector128.FusedMultiplyAdd(a._c, b._c, c._c),
            Vector128.FusedMultiplyAdd(a._d, b._d, c._d)
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Add(Lanes128 a, Lanes128 b) => new(a._a + b._a, a._b + b._b, a._c + b._c, a._d + b._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Subtract(Lanes128 a, Lanes128 b) => new(a._a - b._a, a._b - b._b, a._c - b._c, a._d - b._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Multiply(Lanes128 a, Lanes128 b) => new(a._a * b._a, a._b * b._b, a._c * b._c, a._d * b._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Divide(Lanes128 a, Lanes128 b) => new(a._a / b._a, a._b / b._b, a._c / b._c, a._d / b._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 AtLeast(Lanes128 value, Lanes128 bound)
    {
        return new(
            Select(value._a, bound._a),
            Select(value._b, bound._b),
            Select(value._c, bound._c),
            Select(value._d, bound._d)
        );

        static Vector128<float> Select(Vector128<float> v, Vector128<float> bound) =>
            Vector128.ConditionalSelect(Vector128.GreaterThanOrEqual(v, bound), v, bound);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 AtMost(Lanes128 value, Lanes128 bound)
    {
        return new(
            Select(value._a, bound._a),
            Select(value._b, bound._b),
            Select(value._c, bound._c),
            Select(value._d, bound._d)
        );

        static Vector128<float> Select(Vector128<float> v, Vector128<float> bound) =>
            Vector128.ConditionalSelect(Vector128.LessThanOrEqual(v, bound), v, bound);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 ZeroBelow(Lanes128 result, Lanes128 value, Lanes128 bound)
    {
        return new(
            Select(result._a, value._a, bound._a),
            Select(result._b, value._b, bound._b),
            Select(result._c, value._c, bound._c),
            Select(result._d, value._d, bound._d)
        );

        static Vector128<float> Select(Vector128<float> result, Vector128<float> v, Vector128<float> bound) =>
            Vector128.ConditionalSelect(Vector128.GreaterThanOrEqual(v, bound), result, Vector128<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Floor(Lanes128 value) =>
        new(Vector128.Floor(value._a), Vector128.Floor(value._b), Vector128.Floor(value._c), Vector128.Floor(value._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 PowerOfTwo(Lanes128 n)
    {
        return new(Power(n._a), Power(n._b), Power(n._c), Power(n._d));

        static Vector128<float> Power(Vector128<float> n) =>
            Vector128.ShiftLeft(Vector128.ConvertToInt32(n) + Vector128.Create(127), 23).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes128 value) => SumOfHalves((value._a + value._c) + (value._b + value._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float SumOfHalves(Vector128<float> four)
    {
        Vector128<float> two = four + Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1));
        return two.GetElement(0) + two.GetElement(1);
    }
}
