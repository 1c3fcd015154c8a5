namespace DeterministicInference.Server.Determinism;

/// <summary>A GPU as the driver names it.</summary>
/// <param name="Index">The driver's number for it.</param>
/// <param name="Name">Its product name.</param>
/// <param name="MemoryBytes">Its memory.</param>
/// <param name="Capability">Its compute capability, where the driver tells.</param>
internal sealed record GpuDevice(int Index, string Name, ulong MemoryBytes, ComputeCapability? Capability = null);
