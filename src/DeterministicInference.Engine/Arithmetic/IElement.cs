using System.Runtime.CompilerServices;

namespace DeterministicInference.Engine.Arithmetic;

/// <summary>How weights lie in memory; loading them as single precision is exact.</summary>
internal unsafe interface IElement<T>
    where T : unmanaged
{
    static abstract TLanes Load<TLanes>(T* source)
        where TLanes : struct, ILanes<TLanes>;
}

/// <summary>Weights in single precision.</summary>
internal readonly unsafe struct SingleElement : IElement<float>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(float* source)
        where TLanes : struct, ILanes<TLanes> => TLanes.Load(source);
}

/// <summary>Weights in bfloat16: the upper half of single precision.</summary>
internal readonly unsafe struct BFloat16Element : IElement<ushort>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(ushort* source)
        where TLanes : struct, ILanes<TLanes> => TLanes.Load(source);
}
