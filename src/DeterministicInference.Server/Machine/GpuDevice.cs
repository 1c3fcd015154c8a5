namespace DeterministicInference.Server.Machine;

/// <summary>A GPU according to the driver.</summary>
/// <param name="Index">The driver's index.</param>
/// <param name="Name">Product name.</param>
/// <param name="MemoryBytes">Memory in bytes.</param>
/// <param name="Capability">Compute capability, if the driver reports it.</param>
internal sealed record GpuDevice(int Index, string Name, ulong MemoryBytes, ComputeCapability? Capability = null);
