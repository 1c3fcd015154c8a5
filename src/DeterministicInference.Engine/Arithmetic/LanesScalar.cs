using System.Runtime.CompilerServices;

namespace DeterministicInference.Engine.Arithmetic;

/// <summary>
/// <see cref="ILanes{TSelf}"/> without vector registers: the specification in its plainest form, and what runs where
/// the hardware or <c>DOTNET_EnableHWIntrinsic=0</c> offers nothing better.
/// </summary>
[InlineArray(16)]
internal unsafe struct LanesScalar : ILanes<LanesScalar>
{
    private float _lane;

    public static LanesScalar Broadcast(float value)
    {
        LanesScalar result = default;
        for (int i = 0; i < 16; i++)
            result[i] = value;
        return result;
    }

    public static LanesScalar Load(float* source)
    {
        LanesScalar result = default;
        for (int i = 0; i < 16; i++)
            result[i] = source[i];
        return result;
    }

    public static LanesScalar Load(ushort* source)
    {
        LanesScalar result = default;
        for (int i = 0; i < 16; i++)
            result[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
        return result;
    }

    public static void Store(LanesScalar value, float* target)
    {
        for (int i = 0; i < 16; i++)
            target[i] = value[i];
    }

    public static LanesScalar FusedMultiplyAdd(LanesScalar a, LanesScalar b, LanesScalar c)
    {
        for (int i = 0; i < 16; i++)
            c[i] = MathF.FusedMultiplyAdd(a[i], b[i], c[i]);
        return c;
    }

    public static LanesScalar Add(LanesScalar a, LanesScalar b)
    {
        for (int i = 0; i < 16; i++)
            a[i] += b[i];
        return a;
    }

    public static LanesScalar Subtract(LanesScalar a, LanesScalar b)
    {
        for (int i = 0; i < 16; i++)
            a[i] -= b[i];
        return a;
    }

    public static LanesScalar Multiply(LanesScalar a, LanesScalar b)
    {
        for (int i = 0; i < 16; i++)
            a[i] *= b[i];
        return a;
    }

    public static LanesScalar Divide(LanesScalar a, LanesScalar b)
    {
        for (int i = 0; i < 16; i++)
            a[i] /= b[i];
        return a;
    }

    public static LanesScalar AtLeast(LanesScalar value, LanesScalar bound)
    {
        for (int i = 0; i < 16; i++)
            value[i] = value[i] >= bound[i] ? value[i] : bound[i];
        return value;
    }

    public static LanesScalar AtMost(LanesScalar value, LanesScalar bound)
    {
        for (int i = 0; i < 16; i++)
            value[i] = value[i] <= bound[i] ? value[i] : bound[i];
        return value;
    }

    public static LanesScalar ZeroBelow(LanesScalar result, LanesScalar value, LanesScalar bound)
    {
        for (int i = 0; i < 16; i++)
            result[i] = value[i] >= bound[i] ? result[i] : 0f;
        return result;
    }

    public static LanesScalar Floor(LanesScalar value)
    {
        for (int i = 0; i < 16; i++)
            value[i] = MathF.Floor(value[i]);
        return value;
    }

    public static LanesScalar PowerOfTwo(LanesScalar n)
    {
        for (int i = 0; i < 16; i++)
            n[i] = BitConverter.Int32BitsToSingle(((int)n[i] + 127) << 23);
        return n;
    }

    public static float Sum(LanesScalar value)
    {
        for (int half = 8; half > 0; half /= 2)
        {
            for (int i = 0; i < half; i++)
                value[i] += value[i + half];
        }
        return value[0];
    }
}
