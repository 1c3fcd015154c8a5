using System.Runtime.InteropServices;

namespace DeterministicInference.Engine.Arithmetic;

/// <summary>Zero-filled memory outside the managed heap, aligned to a cache line. Freed with the object.</summary>
internal sealed unsafe class AlignedBuffer : SafeHandle
{
    private const nuint Alignment = 64;

    /// <param name="bytes">Size; may be 0.</param>
    public AlignedBuffer(long bytes)
        : base(0, ownsHandle: true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ByteLength = bytes;
        void* memory = NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, 1), Alignment);
        NativeMemory.Clear(memory, (nuint)bytes);
        SetHandle((nint)memory);
    }

    public long ByteLength { get; }

    public override bool IsInvalid => handle == 0;

    public float* Singles => (float*)handle;

    public ushort* UInt16s => (ushort*)handle;

    /// <summary>A zero-filled buffer of <paramref name="count"/> single-precision values.</summary>
    public static AlignedBuffer OfSingles(long count) => new(count * sizeof(float));

    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
