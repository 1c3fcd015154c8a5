using DeterministicInference.Engine.Arithmetic;

namespace DeterministicInference.Engine.Tests.Arithmetic;

/// <summary>The operations of <see cref="ILanes{TSelf}"/> that map lanes to lanes.</summary>
public enum LaneOperationKind
{
    FusedMultiplyAdd,
    Add,
    Subtract,
    Multiply,
    Divide,
    AtLeast,
    AtMost,
    ZeroBelow,
    Floor,
    PowerOfTwo,
    Exp,
}
