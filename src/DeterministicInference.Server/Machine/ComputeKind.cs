namespace DeterministicInference.Server.Machine;

/// <summary>What an engine on PyTorch computes on.</summary>
internal enum ComputeKind
{
    /// <summary>Not known: nothing says it, or another program runs the engine, perhaps elsewhere.</summary>
    Unknown,

    /// <summary>NVIDIA GPUs.</summary>
    Cuda,

    /// <summary>AMD GPUs.</summary>
    Rocm,

    /// <summary>Intel GPUs.</summary>
    Xpu,

    /// <summary>The processor.</summary>
    Cpu,
}
