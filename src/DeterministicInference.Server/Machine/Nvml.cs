using System.Runtime.InteropServices;

namespace DeterministicInference.Server.Machine;

/// <summary>
/// The NVIDIA Management Library, which comes with the driver. Functions, structures and buffer sizes are those of its
/// reference (https://docs.nvidia.com/deploy/nvml-api); a return value of 0 is success.
/// </summary>
internal static unsafe partial class Nvml
{
    private const string Library = "libnvidia-ml.so.1";

    /// <summary>NVML_SYSTEM_DRIVER_VERSION_BUFFER_SIZE is 80, NVML_DEVICE_NAME_V2_BUFFER_SIZE is 96.</summary>
    private const int TextSize = 96;

    /// <exception cref="NvmlException">
    /// The driver can't be queried, for example because its version differs from the library's.
    /// </exception>
    public static GpuEnvironment Read()
    {
        Require(Init(), nameof(Init));
        try
        {
            Require(DeviceCount(out uint count), nameof(DeviceCount));
            return new GpuEnvironment
            {
                Gpus = [.. Enumerable.Range(0, (int)count).Select(Device)],
                DriverVersion = DriverVersion(),
                CudaVersion = CudaDriverVersion(out int version) == 0 ? CudaName(version) : GpuEnvironment.Unknown,
            };
        }
        finally
        {
            _ = Shutdown();
        }
    }

    /// <summary>12040 is 12.4, and 12041 would be 12.4.1.</summary>
    internal static string CudaName(int version) =>
        version % 10 == 0
            ? $"{version / 1000}.{version % 1000 / 10}"
            : $"{version / 1000}.{version % 1000 / 10}.{version % 10}";

    private static GpuDevice Device(int index)
    {
        Require(DeviceHandle((uint)index, out nint device), nameof(DeviceHandle));
        byte* text = stackalloc byte[TextSize];
        string name = DeviceName(device, text, TextSize) == 0 ? Text(text) : GpuEnvironment.Unknown;
        Require(DeviceMemory(device, out Memory memory), nameof(DeviceMemory));
        ComputeCapability? capability =
            DeviceCapability(device, out int major, out int minor) == 0 ? new(major, minor) : null;
        return new GpuDevice(index, name, memory.Total, capability);
    }

    private static string DriverVersion()
    {
        byte* text = stackalloc byte[TextSize];
        return SystemDriverVersion(text, TextSize) == 0 ? Text(text) : GpuEnvironment.Unknown;
    }

    private static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? GpuEnvironment.Unknown;

    private static void Require(int code, string function)
    {
        if (code != 0)
            throw new NvmlException(function, code);
    }

    /// <summary>nvmlMemory_t: bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Memory
    {
        public ulong Total,
            Free,
            Used;
    }

    [LibraryImport(Library, EntryPoint = "nvmlInit_v2")]
    private static partial int Init();

    [LibraryImport(Library, EntryPoint = "nvmlShutdown")]
    private static partial int Shutdown();

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetCount_v2")]
    private static partial int DeviceCount(out uint count);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetHandleByIndex_v2")]
    private static partial int DeviceHandle(uint index, out nint device);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetName")]
    private static partial int DeviceName(nint device, byte* name, uint length);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetMemoryInfo")]
    private static partial int DeviceMemory(nint device, out Memory memory);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetCudaComputeCapability")]
    private static partial int DeviceCapability(nint device, out int major, out int minor);

    [LibraryImport(Library, EntryPoint = "nvmlSystemGetDriverVersion")]
    private static partial int SystemDriverVersion(byte* version, uint length);

    [LibraryImport(Library, EntryPoint = "nvmlSystemGetCudaDriverVersion_v2")]
    private static partial int CudaDriverVersion(out int version);
}
