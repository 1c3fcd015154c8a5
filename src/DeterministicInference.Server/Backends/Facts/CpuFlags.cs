namespace DeterministicInference.Server.Backends.Facts;

/// <summary>
/// The instruction sets that this machine's processor has, of those for which numeric libraries have code of their own. The rest of what
/// Linux lists depends on the kernel and the hypervisor.
/// </summary>
internal static class CpuFlags
{
    private static readonly string[] Beginnings = ["sse", "ssse", "avx", "amx", "fma", "f16c", "bmi", "sha", "vaes", "vpclmul", "gfni", "pni", "asimd", "sve", "sme", "fphp", "i8mm", "bf16"];

    private static readonly string[] Exact = ["fp", "neon", "crc32", "popcnt", "abm", "movbe", "adx", "aes", "pclmulqdq", "xop"];

    /// <returns>Sorted; empty where the system does not tell.</returns>
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
    /// <returns>What every processor has.</returns>
    public static IReadOnlyList<string> Of(IEnumerable<string> cpuInfo)
    {
        HashSet<string>? common = null;
        foreach (string line in cpuInfo)
        {
            int colon = line.IndexOf(':');
            if (colon < 0 || line[..colon].Trim() is not ("flags" or "Features")) continue;
            var flags = line[(colon + 1)..].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Where(IsInstructionSet);
            if (common is null) common = [.. flags];
            else common.IntersectWith(flags);
        }
        return common is null ? [] : [.. common.Order(StringComparer.Ordinal)];
    }

    private static bool IsInstructionSet(string flag) => Exact.Contains(flag) || Beginnings.Any(beginning => flag.StartsWith(beginning, StringComparison.Ordinal));
}
