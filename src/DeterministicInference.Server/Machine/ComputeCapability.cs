namespace DeterministicInference.Server.Machine;

/// <summary>Which kernels a GPU can run: 8.0 is Ampere, 9.0 Hopper, 10.0 and 12.0 Blackwell
/// (https://developer.nvidia.com/cuda-gpus).</summary>
internal readonly record struct ComputeCapability(int Major, int Minor) : IComparable<ComputeCapability>
{
    public int CompareTo(ComputeCapability other) => (Major, Minor).CompareTo((other.Major, other.Minor));

    public override string ToString() => $"{Major}.{Minor}";

    public static bool operator <(ComputeCapability a, ComputeCapability b) => a.CompareTo(b) < 0;

    public static bool operator >(ComputeCapability a, ComputeCapability b) => a.CompareTo(b) > 0;

    public static bool operator <=(ComputeCapability a, ComputeCapability b) => a.CompareTo(b) <= 0;

    public static bool operator >=(ComputeCapability a, ComputeCapability b) => a.CompareTo(b) >= 0;
}
