namespace DeterministicInference.Server.Determinism;

/// <summary>A GPU as the driver names it.</summary>
internal sealed record GpuDevice(int Index, string Name, ulong MemoryBytes);
