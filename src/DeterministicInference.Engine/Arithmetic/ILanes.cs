namespace DeterministicInference.Engine.Arithmetic;

/// <summary>
/// Sixteen single-precision lanes, the unit in which the canonical arithmetic is written
/// (docs/arithmetic.md). Every implementation gives the same bits: each operation is one correctly rounded IEEE 754
/// operation per lane, and <see cref="Sum"/> adds the lanes in one fixed order.
/// </summary>
internal unsafe interface ILanes<TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    /// <summary>Lanes of every implementation.</summary>
    const int Count = Instructions.Lanes;

    static abstract TSelf Broadcast(float value);

    static abstract TSelf Load(float* source);

    /// <summary>Loads sixteen bfloat16 values; widening to single precision is exact.</summary>
    static abstract TSelf Load(ushort* source);

    static abstract void Store(TSelf value, float* target);

    /// <summary>a·b + c with one rounding.</summary>
    static abstract TSelf FusedMultiplyAdd(TSelf a, TSelf b, TSelf c);

    static abstract TSelf Add(TSelf a, TSelf b);

    static abstract TSelf Subtract(TSelf a, TSelf b);

    static abstract TSelf Multiply(TSelf a, TSelf b);

    static abstract TSelf Divide(TSelf a, TSelf b);

    /// <summary>Per lane: value where value ≥ bound, else bound.</summary>
    static abstract TSelf AtLeast(TSelf value, TSelf bound);

    /// <summary>Per lane: value where value ≤ bound, else bound.</summary>
    static abstract TSelf AtMost(TSelf value, TSelf bound);

    /// <summary>Per lane: result where value ≥ bound, else +0.</summary>
    static abstract TSelf ZeroBelow(TSelf result, TSelf value, TSelf bound);

    static abstract TSelf Floor(TSelf value);

    /// <summary>Per lane: 2ⁿ for an integral n in [-126, 127].</summary>
    static abstract TSelf PowerOfTwo(TSelf n);

    /// <summary>
    /// The sum of the lanes by halves: lane i + lane i+8, then +4, then +2, then +1.
    /// </summary>
    static abstract float Sum(TSelf value);
}
