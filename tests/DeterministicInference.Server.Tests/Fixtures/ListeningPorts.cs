using System.Globalization;
using DeterministicInference.Server.Guard;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>The TCP ports on which processes listen, from the kernel's tables.</summary>
internal static class ListeningPorts
{
    /// <summary>TCP_LISTEN of include/net/tcp_states.h in the kernel's source.</summary>
    private const string Listening = "0A";

    public static IReadOnlyList<int> Of(IEnumerable<ProcessEntry> processes)
    {
        HashSet<string> sockets = [.. processes.SelectMany(process => Sockets(process.Pid))];
        return
        [
            .. new[] { "/proc/net/tcp", "/proc/net/tcp6" }
                .Where(File.Exists)
                .SelectMany(table => File.ReadLines(table).Skip(1))
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(fields => fields[3] == Listening && sockets.Contains($"socket:[{fields[9]}]"))
                .Select(fields =>
                    int.Parse(fields[1].Split(':')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture)
                ),
        ];
    }

    private static IEnumerable<string> Sockets(int pid) =>
        Directory
            .EnumerateFileSystemEntries($"/proc/{pid}/fd")
            .Select(file => new FileInfo(file).LinkTarget)
            .OfType<string>();
}
