using DeterministicInference.Engine.Arithmetic;

namespace DeterministicInference.Engine.Tests.Arithmetic;

/// <summary>Applies one operation to sixteen lanes at a time.</summary>
/// <param name="Operation">Which.</param>
/// <param name="A">First operands.</param>
/// <param name="B">Second operands.</param>
/// <param name="C">Third operands.</param>
/// <param name="Result">Receives the results.</param>
/// <param name="Length">Of each array, a multiple of sixteen.</param>
internal readonly unsafe record struct LaneOperation(
    LaneOperationKind Operation,
    nint A,
    nint B,
    nint C,
    nint Result,
    int Length
) : ILaneKernel
{
    public void Run<TLanes>()
        where TLanes : struct, ILanes<TLanes>
    {
        for (int i = 0; i < Length; i += 16)
        {
            TLanes a = TLanes.Load((float*)A + i),
                b = TLanes.Load((float*)B + i),
                c = TLanes.Load((float*)C + i);
            TLanes.Store(Apply(a, b, c), (float*)Result + i);
        }
    }

    /// <summary>The operation on single values, as the interface specifies it.</summary>
    public static float Specified(LaneOperationKind operation, float a, float b, float c) =>
        operation switch
        {
            LaneOperationKind.FusedMultiplyAdd => MathF.FusedMultiplyAdd(a, b, c),
            LaneOperationKind.Add => a + b,
            LaneOperationKind.Subtract => a - b,
            LaneOperationKind.Multiply => a * b,
            LaneOperationKind.Divide => a / b,
            LaneOperationKind.AtLeast => a >= b ? a : b,
            LaneOperationKind.AtMost => a <= b ? a : b,
            LaneOperationKind.ZeroBelow => b >= c ? a : 0f,
            LaneOperationKind.Floor => MathF.Floor(a),
            LaneOperationKind.PowerOfTwo => BitConverter.UInt32BitsToSingle((uint)((int)a + 127) << 23),
            _ => PlainMath.Exp(a),
        };

    private TLanes Apply<TLanes>(TLanes a, TLanes b, TLanes c)
        where TLanes : struct, ILanes<TLanes> =>
        Operation switch
        {
            LaneOperationKind.FusedMultiplyAdd => TLanes.FusedMultiplyAdd(a, b, c),
            LaneOperationKind.Add => TLanes.Add(a, b),
            LaneOperationKind.Subtract => TLanes.Subtract(a, b),
            LaneOperationKind.Multiply => TLanes.Multiply(a, b),
            LaneOperationKind.Divide => TLanes.Divide(a, b),
            LaneOperationKind.AtLeast => TLanes.AtLeast(a, b),
            LaneOperationKind.AtMost => TLanes.AtMost(a, b),
            LaneOperationKind.ZeroBelow => TLanes.ZeroBelow(a, b, c),
            LaneOperationKind.Floor => TLanes.Floor(a),
            LaneOperationKind.PowerOfTwo => TLanes.PowerOfTwo(a),
            _ => CanonicalMath.Exp(a),
        };
}
