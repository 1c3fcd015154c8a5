using System.Runtime.InteropServices;

namespace DeterministicInference.ModelTools.Training;

/// <summary>A zeroed block of floats outside the collected heap, on a cache-line boundary.</summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private const int CacheLine = 64;
    private float* _pointer;

    public NativeBuffer(long length)
    {
        nuint bytes = checked((nuint)Math.Max(length, 1) * sizeof(float));
        _pointer = (float*)NativeMemory.AlignedAlloc(bytes, CacheLine);
        NativeMemory.Clear(_pointer, bytes);
        Length = checked((int)length);
    }

    ~NativeBuffer() => Release();

    public float* Pointer => _pointer;

    public int Length { get; }

    public Span<float> Span => new(_pointer, Length);

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        NativeMemory.AlignedFree(_pointer);
        _pointer = null;
    }
}
