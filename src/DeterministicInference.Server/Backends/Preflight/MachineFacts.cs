using DeterministicInference.Server.Determinism;

namespace DeterministicInference.Server.Backends.Preflight;

/// <summary>What a launch depends on besides the settings.</summary>
internal sealed record MachineFacts
{
    /// <summary>The GPUs, as NVML sees them.</summary>
    public GpuEnvironment Gpu { get; init; } = new();

    /// <summary>Processors that this process may use.</summary>
    public int Processors { get; init; } = 1;

    /// <summary>The processor's instruction sets, sorted; empty where they are not known.</summary>
    public IReadOnlyList<string> CpuFlags { get; init; } = [];

    public ModelFacts Model { get; init; } = new();

    /// <summary>Variables that the engine inherits.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    public bool HasGpu => Gpu.Gpus.Count > 0;

    /// <summary>That of the least capable GPU; null where there is none or it is not known of each.</summary>
    public ComputeCapability? Least => AreKnown ? Capabilities.Min() : null;

    /// <summary>That of the most capable GPU; null where there is none or it is not known of each.</summary>
    public ComputeCapability? Most => AreKnown ? Capabilities.Max() : null;

    private bool AreKnown => HasGpu && Gpu.Gpus.All(gpu => gpu.Capability is not null);

    private IEnumerable<ComputeCapability> Capabilities => Gpu.Gpus.Select(gpu => gpu.Capability!.Value);
}
