using System.Globalization;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.Determinism;

namespace DeterministicInference.Server.Backends.Facts;

/// <summary>The GPUs that an engine may see, in its order, and their driver.</summary>
internal static class GpuFacts
{
    public static void Describe(MachineFacts machine, IReadOnlyDictionary<string, string> variables, FactSheet sheet)
    {
        if (Visible(machine.Gpu.Gpus, variables) is not { Count: > 0 } gpus || gpus.Any(gpu => gpu.Capability is null || gpu.Name == GpuEnvironment.Unknown))
        {
            sheet.Lacks("gpu_not_measured", "Which GPUs the engine computes on is not known. Install the NVIDIA driver's NVML library; on a machine with GPUs of several kinds name them by numbers in CUDA_VISIBLE_DEVICES, with CUDA_DEVICE_ORDER=PCI_BUS_ID.");
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

    /// <summary>As the CUDA programming guide has it: a list of numbers or identifiers, which ends at the first that is none.</summary>
    /// <returns>Null where it is not known.</returns>
    private static IReadOnlyList<GpuDevice>? Visible(IReadOnlyList<GpuDevice> all, IReadOnlyDictionary<string, string> variables)
    {
        if (all.Count == 0) return null;
        // Of one kind it does not matter which ones they are.
        bool isOneKind = all.All(gpu => (gpu.Name, gpu.Capability) == (all[0].Name, all[0].Capability));
        // The driver's numbers are those of the bus; CUDA's own order begins with the fastest.
        bool isInOrder = isOneKind || variables.GetValueOrDefault("CUDA_DEVICE_ORDER") == "PCI_BUS_ID";
        if (!isInOrder) return null;
        if (variables.GetValueOrDefault("CUDA_VISIBLE_DEVICES") is not { } listed) return all;
        var visible = new List<GpuDevice>();
        foreach (string device in listed.Split(',', StringSplitOptions.TrimEntries))
        {
            if (int.TryParse(device, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                if (number >= all.Count) break;
                visible.Add(all[number]);
            }
            else if (device.StartsWith("GPU-", StringComparison.Ordinal))
            {
                if (!isOneKind) return null;
                visible.Add(all[0]);
            }
            else if (device.StartsWith("MIG-", StringComparison.Ordinal))
            {
                // A slice of a GPU has another number of processors.
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
