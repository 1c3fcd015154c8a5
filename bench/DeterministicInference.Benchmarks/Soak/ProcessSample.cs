using System.Globalization;

namespace DeterministicInference.Benchmarks.Soak;

/// <summary>What a process holds at one moment, from /proc.</summary>
/// <param name="Kilobytes">Resident memory.</param>
/// <param name="Descriptors">
/// Open file descriptors, without the assemblies that the runtime keeps open once they are loaded.
/// </param>
/// <param name="Connections">Those that are established TCP connections.</param>
internal readonly record struct ProcessSample(long Kilobytes, int Descriptors, int Connections)
{
    private const string Established = "01";

    public static ProcessSample Of(int pid)
    {
        string[] links =
        [
            .. new DirectoryInfo($"/proc/{pid}/fd")
                .GetFiles()
                .Select(LinkOf)
                .OfType<string>()
                .Where(link => !link.EndsWith(".dll", StringComparison.Ordinal)),
        ];
        HashSet<string> sockets =
        [
            .. links
                .Where(link => link.StartsWith("socket:[", StringComparison.Ordinal))
                .Select(link => link["socket:[".Length..^1]),
        ];
        return new ProcessSample(
            ResidentKilobytes(pid),
            links.Length,
            EstablishedInodes($"/proc/{pid}/net/tcp")
                .Concat(EstablishedInodes($"/proc/{pid}/net/tcp6"))
                .Count(sockets.Contains)
        );
    }

    public static long ResidentKilobytes(int pid)
    {
        string line = File.ReadLines($"/proc/{pid}/status")
            .First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    /// <summary>Null where it was closed after the folder was listed.</summary>
    private static string? LinkOf(FileInfo descriptor)
    {
        try
        {
            return descriptor.LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static IEnumerable<string> EstablishedInodes(string table) =>
        File.Exists(table)
            ? File.ReadLines(table)
                .Skip(1)
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(row => row[3] == Established)
                .Select(row => row[9])
            : [];
}
