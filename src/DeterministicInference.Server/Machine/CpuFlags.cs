namespace DeterministicInference.Server.Machine;

/// <summary>
/// The instruction sets of this machine's processor for which numeric libraries have code of their own. Other flags of
/// <c>/proc/cpuinfo</c> depend on the kernel and the hypervisor
/// (https://docs.kernel.org/arch/x86/cpuinfo.html, https://docs.kernel.org/arch/arm64/elf_hwcaps.html).
/// </summary>
internal static class CpuFlags
{
    private static readonly string[] Beginnings =
    [
        "sse",
        "ssse",
        "avx",
        "amx",
        "fma",
        "f16c",
        "bmi",
        "sha",
        "vaes",
        "vpclmul",
        "gfni",
        "pni",
        "asimd",
        "sve",
        "sme",
        "fphp",
        "i8mm",
        "bf16",
    ];

    private static readonly string[] Exact =
    [
        "fp",
        "neon",
        "crc32",
        "popcnt",
        "abm",
        "movbe",
        "adx",
        "aes",
        "pclmulqdq",
        "xop",
    ];

    /// <returns>The flags, sorted; empty if the system does not list them.</returns>
    public static IReadOnlyList<string> Read()
    {
        try
        {
            return Of(File.ReadLines("/proc/cpuinfo"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <param name="cpuInfo">The lines of /proc/cpuinfo.</param>
    /// <returns>The flags that all processors have.</returns>
    public static IReadOnlyList<string> Of(IEnumerable<string> cpuInfo)
    {
        HashSet<string>? common = null;
        foreach (string line in cpuInfo)
        {
            int colon = line.IndexOf(':');
            if (colon < 0 || line[..colon].Trim() is not ("flags" or "Features"))
                continue;
            var flags = line[(colon + 1)..]
                .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
                .Where(IsInstructionSet);
            if (common is null)
                common = [.. flags];
            else
                common.IntersectWith(flags);
        }
        return common is null ? [] : [.. common.Order(StringComparer.Ordinal)];
    }

    private static bool IsInstructionSet(string flag) =>
        Exact.Contains(flag) || Beginnings.Any(beginning => flag.StartsWith(beginning, StringComparison.Ordinal));
}
