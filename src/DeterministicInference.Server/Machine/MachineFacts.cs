namespace DeterministicInference.Server.Machine;

/// <summary>Facts about the machine on which a launch depends.</summary>
internal sealed record MachineFacts
{
    /// <summary>The GPUs, as NVML sees them.</summary>
    public GpuEnvironment Gpu { get; init; } = new();

    /// <summary>GPUs of other makers.</summary>
    public OtherGpus Others { get; init; } = new();

    /// <summary>What an engine on PyTorch computes on.</summary>
    public ComputeKind Compute { get; init; }

    /// <summary>The engine's Python environment; null if there is none, or it is not found.</summary>
    public EngineInstallation? Installation { get; init; }

    /// <summary>Processors that this process may use.</summary>
    public int Processors { get; init; } = 1;

    /// <summary>The processor's instruction sets, sorted; empty if unknown.</summary>
    public IReadOnlyList<string> CpuFlags { get; init; } = [];

    public ModelFacts Model { get; init; } = new();

    /// <summary>Variables that the engine inherits.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    public bool HasGpu => Gpu.Gpus.Count > 0;

    /// <summary>Whether there is a GPU of any maker.</summary>
    public bool HasAnyGpu => HasGpu || Others.Amd.Count > 0 || Others.Intel.Count > 0;

    /// <summary>Capability of the least capable GPU; null if there is none, or that of any GPU is unknown.</summary>
    public ComputeCapability? Least => AreKnown ? Capabilities.Min() : null;

    /// <summary>Capability of the most capable GPU; null if there is none, or that of any GPU is unknown.</summary>
    public ComputeCapability? Most => AreKnown ? Capabilities.Max() : null;

    private bool AreKnown => HasGpu && Gpu.Gpus.All(gpu => gpu.Capability is not null);

    private IEnumerable<ComputeCapability> Capabilities => Gpu.Gpus.Select(gpu => gpu.Capability!.Value);
}
