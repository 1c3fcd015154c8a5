using System.Globalization;

namespace DeterministicInference.Server.Machine;

/// <summary>A GPU that is no NVIDIA one.</summary>
/// <param name="Name">Its name, as far as the kernel tells.</param>
/// <param name="Target">The architecture for which code is compiled, as <c>gfx942</c>; null if unknown.</param>
internal sealed record OtherGpu(string Name, string? Target = null);

/// <summary>
/// The GPUs of AMD and Intel, and traces of NVIDIA's, as the kernel shows them in its file systems: no library of their
/// makers is needed.
/// </summary>
internal sealed record OtherGpus
{
    private const string IntelVendor = "0x8086";

    /// <summary>Address of the GPU that is part of an Intel processor.</summary>
    private const string Integrated = "0000:00:02.0";

    /// <summary>GPUs that AMD's driver offers for computing.</summary>
    public IReadOnlyList<OtherGpu> Amd { get; init; } = [];

    /// <summary>Intel's GPUs, without those that are part of a processor and have the older driver.</summary>
    public IReadOnlyList<OtherGpu> Intel { get; init; } = [];

    /// <summary>Version of the kernel's driver for them.</summary>
    public string Driver { get; init; } = GpuEnvironment.Unknown;

    /// <summary>Whether there is a device file of NVIDIA's driver.</summary>
    public bool HasNvidiaFile { get; init; }

    /// <summary>Whether there is a device file of any GPU's driver.</summary>
    public bool HasAnyFile { get; init; }

    /// <param name="root">The root of the file system; another one in tests.</param>
    public static OtherGpus Read(string root = "/")
    {
        bool hasNvidia = File.Exists(Path.Combine(root, "dev/nvidia0"));
        try
        {
            List<OtherGpu> amd = ReadAmd(root);
            return new OtherGpus
            {
                Amd = amd,
                Intel = ReadIntel(root),
                // The driver of a kernel has no version of its own, that of AMD's packages has.
                Driver =
                    (amd.Count > 0 ? Line(Path.Combine(root, "sys/module/amdgpu/version")) : null)
                    ?? Line(Path.Combine(root, "proc/sys/kernel/osrelease"))
                    ?? GpuEnvironment.Unknown,
                HasNvidiaFile = hasNvidia,
                HasAnyFile =
                    hasNvidia
                    || File.Exists(Path.Combine(root, "dev/kfd"))
                    || Files(Path.Combine(root, "dev/dri"), "renderD*").Count > 0,
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What can't be read may be there.
            return new OtherGpus { HasNvidiaFile = hasNvidia, HasAnyFile = true };
        }
    }

    /// <summary>
    /// The nodes of AMD's driver that have an architecture: processors have 0
    /// (https://docs.kernel.org/gpu/amdgpu/driver-core.html; torvalds/linux v6.12, drivers/gpu/drm/amd/amdkfd/
    /// kfd_topology.c, node_show).
    /// </summary>
    private static List<OtherGpu> ReadAmd(string root)
    {
        var gpus = new List<OtherGpu>();
        string nodes = Path.Combine(root, "sys/class/kfd/kfd/topology/nodes");
        foreach (string node in Files(nodes, "*").OrderBy(Number))
        {
            string file = Path.Combine(node, "properties");
            if (!File.Exists(file))
                continue;
            var properties = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (string line in File.ReadLines(file))
            {
                if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var name, var value])
                    properties[name] = value;
            }
            if (Target(properties.GetValueOrDefault("gfx_target_version")) is not { } target)
                continue;
            string device = $"sys/class/drm/renderD{properties.GetValueOrDefault("drm_render_minor")}/device";
            gpus.Add(new OtherGpu(Line(Path.Combine(root, device, "product_name")) ?? target, target));
        }
        return gpus;
    }

    /// <summary>
    /// 90402 is gfx942, and 90010 is gfx90a: major, minor and stepping, two digits each (kfd_device.c there); the last
    /// two are hexadecimal in names (https://llvm.org/docs/AMDGPUUsage.html#processors).
    /// </summary>
    private static string? Target(string? version) =>
        int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0
            ? string.Create(CultureInfo.InvariantCulture, $"gfx{number / 10000}{number / 100 % 100:x}{number % 100:x}")
            : null;

    /// <summary>
    /// Discrete GPUs have the driver xe, or i915 at another address than a processor's own
    /// (https://docs.kernel.org/gpu/i915.html, https://docs.kernel.org/gpu/xe/index.html).
    /// </summary>
    private static List<OtherGpu> ReadIntel(string root)
    {
        var gpus = new List<OtherGpu>();
        foreach (string node in Files(Path.Combine(root, "sys/class/drm"), "renderD*"))
        {
            string device = Path.Combine(node, "device");
            if (Line(Path.Combine(device, "vendor")) != IntelVendor)
                continue;
            bool isIntegrated = Path.GetFileName(Resolved(device)) == Integrated;
            string driver = Path.GetFileName(Resolved(Path.Combine(device, "driver")));
            if (driver == "xe" || (driver == "i915" && !isIntegrated))
                gpus.Add(new OtherGpu($"Intel {Line(Path.Combine(device, "device")) ?? GpuEnvironment.Unknown}"));
        }
        return gpus;
    }

    private static string Resolved(string path) =>
        Directory.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;

    private static List<string> Files(string folder, string pattern) =>
        Directory.Exists(folder)
            ? [.. Directory.EnumerateFileSystemEntries(folder, pattern).Order(StringComparer.Ordinal)]
            : [];

    private static int Number(string path) =>
        int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out int number) ? number : int.MaxValue;

    private static string? Line(string file) =>
        File.Exists(file) && File.ReadAllText(file).Trim() is { Length: > 0 } text ? text : null;
}
