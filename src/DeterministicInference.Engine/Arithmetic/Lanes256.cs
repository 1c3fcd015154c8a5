using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DeterministicInference.Engine.Arithmetic;

/// <summary><see cref="ILanes{TSelf}"/> in two 256-bit registers.</summary>
internal readonly unsafe struct Lanes256(Vector256<float> low, Vector256<float> high) : ILanes<Lanes256>
{
    private readonly Vector256<float> _low = low;
    private readonly Vector256<float> _high = high;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Broadcast(float value) => new(Vector256.Create(value), Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(float* source) => new(Vector256.Load(source), Vector256.Load(source + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(ushort* source)
    {
        (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(Vector256.Load(source));
        return new(Vector256.ShiftLeft(low, 16).AsSingle(), Vector256.ShiftLeft(high, 16).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes256 value, float* target)
    {
        value._low.Store(target);
        value._high.Store(target + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 FusedMultiplyAdd(Lanes256 a, Lanes256 b, Lanes256 c) =>
        new(Vector256.FusedMultiplyAdd(a._low, b._low, c._low), Vector256.FusedMultiplyAdd(a._high, b._high, c._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Add(Lanes256 a, Lanes256 b) => new(a._low + b._low, a._high + b._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Subtract(Lanes256 a, Lanes256 b) => new(a._low - b._low, a._high - b._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Multiply(Lanes256 a, Lanes256 b) => new(a._low * b._low, a._high * b._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Divide(Lanes256 a, Lanes256 b) => new(a._low / b._low, a._high / b._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 AtLeast(Lanes256 value, Lanes256 bound) =>
        new(
            Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(value._low, bound._low), value._low, bound._low),
            Vector256.ConditionalSelect(
                Vector256.GreaterThanOrEqual(value._high, bound._high),
                value._high,
                bound._high
            )
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 AtMost(Lanes256 value, Lanes256 bound) =>
        new(
            Vector256.ConditionalSelect(Vector256.LessThanOrEqual(value._low, bound._low), value._low, bound._low),
            Vector256.ConditionalSelect(Vector256.LessThanOrEqual(value._high, bound._high), value._high, bound._high)
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 ZeroBelow(Lanes256 result, Lanes256 value, Lanes256 bound) =>
        new(
            Vector256.ConditionalSelect(
                Vector256.GreaterThanOrEqual(value._low, bound._low),
                result._low,
                Vector256<float>.Zero
            ),
            Vector256.ConditionalSelect(
                Vector256.GreaterThanOrEqual(value._high, bound._high),
                result._high,
                Vector256<float>.Zero
            )
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Floor(Lanes256 value) => new(Vector256.Floor(value._low), Vector256.Floor(value._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 PowerOfTwo(Lanes256 n) =>
        new(
            Vector256.ShiftLeft(Vector256.ConvertToInt32(n._low) + Vector256.Create(127), 23).AsSingle(),
            Vector256.ShiftLeft(Vector256.ConvertToInt32(n._high) + Vector256.Create(127), 23).AsSingle()
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes256 value) => SumOfHalves(value._low + value._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float SumOfHalves(Vector256<float> eight) =>
        Lanes128.SumOfHalves(eight.GetLower() + eight.GetUpper());
}
