using System.Globalization;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Facts;

/// <summary>Facts about the GPUs visible to an engine, in its order, and their driver.</summary>
internal static class GpuFacts
{
    /// <summary>The maker of the GPUs that are there; NVIDIA's where none is.</summary>
    public static ComputeKind KindOf(MachineFacts machine) =>
        machine.HasGpu ? ComputeKind.Cuda
        : machine.Others.Amd.Count > 0 ? ComputeKind.Rocm
        : machine.Others.Intel.Count > 0 ? ComputeKind.Xpu
        : ComputeKind.Unknown;

    /// <param name="kind">What the engine computes on.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="variables">The engine's variables.</param>
    /// <param name="sheet">Receives the facts.</param>
    public static void Describe(
        ComputeKind kind,
        MachineFacts machine,
        IReadOnlyDictionary<string, string> variables,
        FactSheet sheet
    )
    {
        if (kind == ComputeKind.Rocm)
            DescribeOthers("HIP_VISIBLE_DEVICES", machine.Others.Amd, machine.Others.Driver, variables, sheet);
        else if (kind == ComputeKind.Xpu)
            DescribeOthers("ZE_AFFINITY_MASK", machine.Others.Intel, machine.Others.Driver, variables, sheet);
        else
            DescribeNvidia(kind, machine, variables, sheet);
    }

    /// <summary>What to do where a build for NVIDIA's GPUs meets none.</summary>
    public const string NvidiaRemedy =
        "Install the NVIDIA driver, let a container see the GPUs, or use the engine's build for processors.";

    private static void DescribeNvidia(
        ComputeKind kind,
        MachineFacts machine,
        IReadOnlyDictionary<string, string> variables,
        FactSheet sheet
    )
    {
        if (!machine.HasGpu && !machine.Others.HasNvidiaFile)
        {
            sheet.AddMissing(
                "gpu_not_measured",
                kind == ComputeKind.Cuda
                    ? $"The engine is to compute on NVIDIA's GPUs, and this machine shows none. {NvidiaRemedy}"
                    : "What the engine computes on is unknown: this machine shows no GPU, and a build of PyTorch that "
                        + "would say it is not found. Give --backend-command the engine's own program."
            );
            return;
        }
        if (
            Visible(machine.Gpu.Gpus, variables) is not { Count: > 0 } gpus
            || gpus.Any(gpu => gpu.Capability is null || gpu.Name == GpuEnvironment.Unknown)
        )
        {
            sheet.AddMissing(
                "gpu_not_measured",
                "The GPUs that the engine computes on are unknown. Install the NVIDIA driver's NVML library; on a "
                    + "machine with GPUs of several kinds name them by numbers in CUDA_VISIBLE_DEVICES, with "
                    + "CUDA_DEVICE_ORDER=PCI_BUS_ID."
            );
            return;
        }
        for (int i = 0; i < gpus.Count; i++)
        {
            string key = string.Create(CultureInfo.InvariantCulture, $"gpu.{i}.");
            sheet.Measured(key + "name", gpus[i].Name);
            sheet.Measured(key + "capability", gpus[i].Capability.ToString()!);
        }
        sheet.Measured("gpu.driver", machine.Gpu.DriverVersion);
        sheet.Measured("gpu.cuda", machine.Gpu.CudaVersion);
    }

    /// <summary>With GPUs of one kind it does not matter which ones are visible, only whether all are.</summary>
    private static void DescribeOthers(
        string selection,
        IReadOnlyList<OtherGpu> gpus,
        string driver,
        IReadOnlyDictionary<string, string> variables,
        FactSheet sheet
    )
    {
        if (gpus.Count == 0 || gpus.Distinct().Count() > 1)
        {
            sheet.AddMissing(
                "gpu_not_measured",
                gpus.Count == 0
                    ? "The GPUs that the engine computes on are not shown by the kernel (/sys/class/kfd, "
                        + "/sys/class/drm). Let this server see them."
                    : "This machine has GPUs of several kinds, and which ones the engine computes on is not known. "
                        + "Use GPUs of one kind."
            );
            return;
        }
        int visible = variables.GetValueOrDefault(selection) is { Length: > 0 } listed
            ? Math.Min(gpus.Count, listed.Split(',').Length)
            : gpus.Count;
        for (int i = 0; i < visible; i++)
        {
            string key = string.Create(CultureInfo.InvariantCulture, $"gpu.{i}.");
            sheet.Measured(key + "name", gpus[i].Name);
            if (gpus[i].Target is { } target)
                sheet.Measured(key + "target", target);
        }
        sheet.Measured("gpu.driver", driver);
    }

    /// <summary>
    /// The GPUs that <c>CUDA_VISIBLE_DEVICES</c> names: numbers or identifiers, up to the first that is invalid.
    /// https://docs.nvidia.com/cuda/cuda-programming-guide/05-appendices/environment-variables.html
    /// </summary>
    /// <returns>Null if unknown.</returns>
    private static IReadOnlyList<GpuDevice>? Visible(
        IReadOnlyList<GpuDevice> all,
        IReadOnlyDictionary<string, string> variables
    )
    {
        if (all.Count == 0)
            return null;
        // With GPUs of one kind it does not matter which ones are visible.
        bool isOneKind = all.All(gpu => (gpu.Name, gpu.Capability) == (all[0].Name, all[0].Capability));
        // NVML numbers GPUs by their place on the bus; CUDA's default, FASTEST_FIRST, does not (same page).
        bool isInOrder = isOneKind || variables.GetValueOrDefault("CUDA_DEVICE_ORDER") == "PCI_BUS_ID";
        if (!isInOrder)
            return null;
        if (variables.GetValueOrDefault("CUDA_VISIBLE_DEVICES") is not { } listed)
            return all;
        var visible = new List<GpuDevice>();
        foreach (string device in listed.Split(',', StringSplitOptions.TrimEntries))
        {
            if (int.TryParse(device, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                if (number >= all.Count)
                    break;
                visible.Add(all[number]);
            }
            else if (device.StartsWith("GPU-", StringComparison.Ordinal))
            {
                if (!isOneKind)
                    return null;
                visible.Add(all[0]);
            }
            else if (device.StartsWith("MIG-", StringComparison.Ordinal))
            {
                // A MIG slice has fewer multiprocessors, and NVML's capability does not show how many
                // (https://docs.nvidia.com/datacenter/tesla/mig-user-guide/).
                return null;
            }
            else
            {
                break;
            }
        }
        return visible;
    }
}
