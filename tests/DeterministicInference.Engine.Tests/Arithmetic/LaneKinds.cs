using DeterministicInference.Engine.Arithmetic;
using Xunit;

namespace DeterministicInference.Engine.Tests.Arithmetic;

/// <summary>
/// The implementations of <see cref="ILanes{TSelf}"/>. The runtime emulates those that the hardware lacks.
/// </summary>
internal static class LaneKinds
{
    public static TheoryData<string> All { get; } =
    [nameof(Lanes512), nameof(Lanes256), nameof(Lanes128), nameof(LanesScalar)];

    public static void Run(string kind, ILaneKernel kernel)
    {
        switch (kind)
        {
            case nameof(Lanes512):
                kernel.Run<Lanes512>();
                break;
            case nameof(Lanes256):
                kernel.Run<Lanes256>();
                break;
            case nameof(Lanes128):
                kernel.Run<Lanes128>();
                break;
            case nameof(LanesScalar):
                kernel.Run<LanesScalar>();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, null);
        }
    }
}
