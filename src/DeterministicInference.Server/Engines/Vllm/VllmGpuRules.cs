using DeterministicInference.Server.Engines.Evidence;
using DeterministicInference.Server.Engines.Facts;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Vllm;

/// <summary>Whether vLLM's batch-invariant mode is on, and exists on what vLLM computes on.</summary>
internal static class VllmGpuRules
{
    public static IEnumerable<Finding> Check(ComputeKind kind, MachineFacts machine)
    {
        string? mode = machine.Variables.GetValueOrDefault(VllmMode.Variable);
        if (kind == ComputeKind.Cpu)
        {
            yield return mode is not (null or "0")
                ? Finding.Refused(
                    "cpu_build",
                    $"{VllmMode.Variable}={mode} ends the start of vLLM for processors, which has no batch-invariant "
                        + "mode. Leave the variable out."
                )
                : Finding.Degrades(
                    "cpu_build",
                    "vLLM for processors has no batch-invariant mode: other requests in the batch may change an "
                        + "answer. Use --max-concurrency 1, a GPU, or --backend embedded or llamacpp."
                );
            yield break;
        }
        // int(text), of which 0 is false (vllm/envs.py).
        if (mode is "0" or "")
        {
            yield return Finding.Degrades(
                "mode_off",
                $"The variable {VllmMode.Variable} is set to {(mode.Length > 0 ? mode : "nothing")}, which turns "
                    + "vLLM's batch-invariant mode off. Leave it out."
            );
            yield break;
        }
        foreach (Finding finding in CheckGpu(kind, machine))
            yield return finding;
        if (
            kind is ComputeKind.Cuda or ComputeKind.Unknown
            && machine.Variables.GetValueOrDefault(VllmMode.Sampler) is { } sampler and not "0"
        )
        {
            yield return Finding.Degrades(
                "sampling_backend",
                $"{VllmMode.Sampler}={sampler}: the batch-invariant mode is shown without FlashInfer's sampler. Leave "
                    + "the variable out."
            );
        }
    }

    private static IEnumerable<Finding> CheckGpu(ComputeKind kind, MachineFacts machine)
    {
        bool isWider = ReleaseVersion.Parse(machine.Installation?.EngineVersion) >= VllmMode.Wider;
        if (kind is ComputeKind.Rocm && machine.Others.Amd.Count > 0)
        {
            if (machine.Others.Amd.FirstOrDefault(gpu => !VllmMode.Amd.Contains(gpu.Target)) is { } other)
            {
                yield return Finding.Degrades(
                    "gpu_unsupported",
                    $"vLLM's batch-invariant mode has no kernels for {other.Target} ({other.Name}). Use "
                        + $"{string.Join(", ", VllmMode.Amd)}."
                );
                yield break;
            }
        }
        else if (kind != ComputeKind.Xpu)
        {
            if (machine.Least is not { } least)
            {
                yield return Finding.Degrades("gpu_unknown", UnknownGpu(kind, machine));
                yield break;
            }
            if (least < VllmMode.Ampere)
            {
                yield return Finding.Degrades(
                    "gpu_unsupported",
                    $"vLLM's batch-invariant mode needs compute capability {VllmMode.Ampere}, and a GPU of this "
                        + $"machine has {least}. Use a newer GPU."
                );
                yield break;
            }
            if (least < VllmMode.Hopper && !isWider)
            {
                yield return Finding.Degrades(
                    "gpu_unverified",
                    $"vLLM documents its batch-invariant mode from compute capability {VllmMode.Hopper} on, and a GPU "
                        + $"of this machine has {least}. Use a newer GPU, vLLM 0.32, whose page names "
                        + $"{VllmMode.Ampere}, or --backend sglang."
                );
            }
            yield break;
        }
        if (!isWider)
        {
            yield return Finding.Degrades(
                "gpu_unverified",
                "vLLM documents its batch-invariant mode for GPUs of AMD and Intel from release 0.32 on, and this "
                    + $"build is {machine.Installation?.EngineVersion ?? "of an unknown one"}. Use a newer build."
            );
        }
    }

    private static string UnknownGpu(ComputeKind kind, MachineFacts machine) =>
        (kind, machine.HasGpu || machine.Others.HasNvidiaFile) switch
        {
            (ComputeKind.Rocm, _) => "vLLM's build is for AMD's GPUs, of which the kernel shows none "
                + "(/sys/class/kfd), and its batch-invariant mode exists on some only. Let this server see them.",
            (_, true) => "Which GPU vLLM computes on is not known, and its batch-invariant mode exists on some only. "
                + "Install the NVIDIA driver's NVML library.",
            (ComputeKind.Cuda, _) => "vLLM is to compute on NVIDIA's GPUs, of which this machine shows none, and its "
                + $"batch-invariant mode exists on some only. {GpuFacts.NvidiaRemedy}",
            _ => "Which processor vLLM computes on is not known, and its batch-invariant mode exists on some only. "
                + "Give --backend-command vLLM's own program.",
        };
}
